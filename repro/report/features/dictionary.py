"""Which units stand beside which: cards of one dictionary, and how a reader is told of it."""

from typing import NamedTuple

from repro.contract.cards import Card
from repro.report.figures.palette import METHODS
from repro.report.numbers import exact


class Key(NamedTuple):
    """What makes two cards units of the same dictionary."""

    site: str
    hook: str
    method: str
    alpha: float
    k: int
    expansion_factor: float
    seed: int


def key_of(card: Card) -> Key:
    """The dictionary of a card."""
    return Key(*(getattr(card, field) for field in Key._fields))


def label_of(card: Card) -> str:
    """The method as the figures call it."""
    look = METHODS.get(card.method)
    return look.label if look else card.method


def settings_of(card: Card) -> list[str]:
    """What was chosen for the dictionary; what it has no use for is left out."""
    chosen = [
        f"α = {exact(card.alpha)}" if card.alpha else "",
        f"k = {card.k}" if card.k else "",
        f"R = {exact(card.expansion_factor)}",
        f"seed {card.seed}",
    ]
    return list(filter(None, chosen))
