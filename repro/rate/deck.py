"""The pages of one rater in their order."""

import hmac
from typing import NamedTuple

from repro.rate.cards import Cards, draw, rank
from repro.rate.items import Item, item_of
from repro.rate.known import TRAINING, Known, known_items, n_catch_items


class Deck(NamedTuple):
    """What one rater is asked."""

    training: tuple[Item, ...]
    """Items of known answer that come first and count for nothing."""
    items: tuple[Item, ...]
    """Features with catch items among them, in this rater's order."""
    known: dict[str, Known]
    """Items of known answer, in training or later, by key."""

    @property
    def pages(self) -> tuple[Item, ...]:
        """All items, training first."""
        return self.training + self.items


def deal(cards: Cards, rater: str, seed: int, per_method: int) -> Deck:
    """The deck of a rater: the same pages for all, in an order of seed and rater alone.

    Raises:
        RatingError: the cards hold too little text for items of known answer.
    """
    features = [item_of(card) for card in draw(cards, per_method)]
    known = known_items(cards, n_catch_items(len(features)))
    training, catch = known[:TRAINING], known[TRAINING:]
    mixed = [*features, *(one.item for one in catch)]
    return Deck(
        training=tuple(one.item for one in training),
        items=tuple(sorted(mixed, key=lambda item: rank("order", seed, rater, item.key))),
        known={one.item.key: one for one in known},
    )


def item_id(secret: str, rater: str, key: str) -> str:
    """The name by which browser and file know an item: nobody goes back without the secret.

        id = HMAC-SHA256(secret, rater, key), its first 80 bits

    It differs from rater to rater, so that two files side by side tell nothing either.
    """
    return hmac.new(bytes.fromhex(secret), f"{rater}\0{key}".encode(), "sha256").hexdigest()[:20]
