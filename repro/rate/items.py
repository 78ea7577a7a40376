"""What a rater is shown of one feature: fragments of text, each token with a level of shading.

An item holds nothing else of its card: no method, no setting, no number, and levels in place of
activations, whose scale would tell one decomposition from another.
"""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from repro.contract.cards import Card, Excerpt
from repro.rate.cards import shown

LEVELS = 9
"""Shades of a token, apart from none."""
MOST_FRAGMENTS = 6
"""Fragments of a kind on one page."""
MOST_CHARACTERS = 200
"""Characters of one token."""
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that turn or hide the text around them."""
_NAMED = {"\n": "↵", "\t": "⇥"}


class Piece(NamedTuple):
    """A token as it is shown."""

    text: str
    """The token, with what would not be seen made visible."""
    level: int
    """0 where the feature is silent, up to `LEVELS`."""


Fragment = tuple[Piece, ...]


class Item(NamedTuple):
    """One page."""

    key: str
    """`card:` with the card's id, or `known:` with a number; it never leaves the machine."""
    strongest: tuple[Fragment, ...]
    """Where the feature fires most."""
    others: tuple[Fragment, ...]
    """Elsewhere where it fires."""


def item_of(card: Card) -> Item:
    """The page of one card; the largest activation on it has the deepest shade."""
    strongest, others = (shown(card, kind)[:MOST_FRAGMENTS] for kind in ("top", "random"))
    largest = max(max(one.activations) for one in (*strongest, *others))

    def fragments(excerpts: Sequence[Excerpt]) -> tuple[Fragment, ...]:
        return tuple(fragment_of(one.tokens, one.activations, largest) for one in excerpts)

    return Item(f"card:{card.id}", fragments(strongest), fragments(others))


def fragment_of(
    tokens: Sequence[str], activations: Sequence[float], largest: float
) -> tuple[Piece, ...]:
    """Tokens with levels: level = ceil(LEVELS * activation / largest), 0 where it is not above 0.

    Args:
        tokens: tokens as running text spells them.
        activations: one each.
        largest: the activation that gets the deepest shade.
    """
    pairs = zip(tokens, activations, strict=True)
    return tuple(Piece(visible(token), _level(value, largest)) for token, value in pairs)


def visible(token: str) -> str:
    """The token with signs in place of characters that would not be seen, and not too long."""
    cut = token if len(token) <= MOST_CHARACTERS else f"{token[: MOST_CHARACTERS - 1]}…"
    return _UNSEEN.sub(_sign, cut)


def _sign(found: re.Match[str]) -> str:
    return _NAMED.get(found[0], f"⟨{ord(found[0]):04X}⟩")


def _level(value: float, largest: float) -> int:
    return min(LEVELS, math.ceil(LEVELS * value / largest)) if value > 0 else 0
