"""How much of a card's text goes on its page: all of it, unless the page would grow too large."""

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple, get_args

from repro.contract.cards import Card, Excerpt, Kind
from repro.report.features.fragment import Fragment, fragment, scale_of

ALL_FRAGMENTS = 14_400_000
"""Bytes for the fragments of all pages in equal shares: those of 600 units stay below 20 MB."""


class Shown(NamedTuple):
    """The fragments of a page by their kind, and how many there would have been."""

    by_kind: dict[Kind, list[Fragment]]
    n_shown: int
    n_all: int


def allowed_each(n_cards: int) -> int:
    """Bytes of fragments that one page may have."""
    return ALL_FRAGMENTS // max(1, n_cards)


def shown(card: Card, allowed: int) -> Shown:
    """The first fragments of each kind in turn, until the next would exceed the allowance.

    The very first is shown whatever its size.
    """
    scale = scale_of(card)
    by_kind: dict[Kind, list[Fragment]] = {kind: [] for kind in get_args(Kind)}
    used = n_shown = 0
    for excerpt in _in_turn(card.excerpts):
        one = fragment(excerpt, scale)
        used += len(one.text.encode())
        if n_shown and used > allowed:
            break
        by_kind[excerpt.kind].append(one)
        n_shown += 1
    return Shown(by_kind, n_shown, len(card.excerpts))


def _in_turn(excerpts: Sequence[Excerpt]) -> Iterator[Excerpt]:
    groups = [[one for one in excerpts if one.kind == kind] for kind in get_args(Kind)]
    return filter(None, chain.from_iterable(zip_longest(*groups)))
