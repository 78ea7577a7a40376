"""The cards of one folder, held against what a page needs, and a fair draw from them."""

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from repro.contract.cards import CARDS, Card, Excerpt, read_cards
from repro.files import sha256_of
from repro.rate.errors import RatingError

SHOWN = ("top", "random")
"""Kinds of excerpts that a rater sees."""


class Cards(NamedTuple):
    """Cards in stored order, and the hash of their file, which names the run."""

    sha256: str
    cards: tuple[Card, ...]


def load_cards(folder: Path) -> Cards:
    """The cards of units that were drawn at random; those listed for another reason stay out.

    Raises:
        EvidenceError: the file is missing, or a line is no card.
        RatingError: there is no card, two have one id, or a card has nothing to show.
    """
    cards = tuple(card for card in read_cards(folder) if "interpret" in card.chosen)
    path = folder / CARDS
    if not cards:
        raise _wrong(
            f"{path} holds no card of a unit drawn at random", "at least one card a method"
        )
    seen: set[str] = set()
    for card in cards:
        if card.id in seen:
            raise _wrong(f"{path}: two cards have the id {card.id!r}", "an id a card")
        seen.add(card.id)
        _demand_fragments(card, path)
    return Cards(sha256_of(path), cards)


def shown(card: Card, kind: str) -> list[Excerpt]:
    """The excerpts of one kind, in stored order."""
    return [one for one in card.excerpts if one.kind == kind]


def draw(cards: Cards, per_method: int) -> list[Card]:
    """As many cards of every method: `per_method`, or as many as the rarest method has.

    Which ones is settled by the cards alone, so all raters see the same and can be compared.
    """
    by_method: dict[str, list[Card]] = defaultdict(list)
    for card in sorted(cards.cards, key=lambda one: rank(cards.sha256, "draw", one.id)):
        by_method[card.method].append(card)
    n = min(per_method, *map(len, by_method.values()))
    return [card for method in sorted(by_method) for card in by_method[method][:n]]


def rank(*words: object) -> bytes:
    """A place in a random order that these words settle, on every machine alike."""
    return hashlib.sha256("\0".join(map(str, words)).encode()).digest()


def _demand_fragments(card: Card, path: Path) -> None:
    excerpts = [one for kind in SHOWN for one in shown(card, kind)]
    if not excerpts:
        raise _wrong(f"{path}: card {card.id!r} has no excerpt to show", "top or random excerpts")
    for one in excerpts:
        if not one.tokens or len(one.tokens) != len(one.activations):
            raise _wrong(
                f"{path}: card {card.id!r} has {len(one.tokens)} tokens and "
                f"{len(one.activations)} activations in one excerpt",
                "an activation a token",
            )


def _wrong(found: str, expected: str) -> RatingError:
    return RatingError(found, expected=expected, mend="dvc repro interpret")
