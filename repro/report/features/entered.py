"""Which units a claim rests on: those whose rows its rule compares."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlencode

from repro.contract.cards import Card
from repro.report.features.unit import title_of
from repro.report.features.write import FOLDER, INDEX, link_of
from repro.report.rests import Rests
from repro.spec import Claim, Where
from repro.spec.decisions import Decision, Dominates, Exceeds, parts_of

NAMED = 5
"""Units that a claim's card links one by one, the first of the folder and not the best."""
Rows = tuple[Where, ...]
"""Conditions that choose the rows of a table."""
Operand = tuple[str, Rows]
"""A table, and rows of it."""
KEY = ("site", "method", "alpha", "k", "expansion_factor", "seed")


def with_claims(cards: Iterable[Card], claims: Sequence[Claim]) -> list[Card]:
    """The cards, each with the ids of the claims that rest on its unit."""
    cards = list(cards)
    operands = {one.id: list(_operands_of(one, cards)) for one in claims}
    return [
        card.model_copy(
            update={"claims": [name for name, rows in operands.items() if _enters(card, rows)]}
        )
        for card in cards
    ]


def rests_of(cards: Sequence[Card]) -> Mapping[str, Rests]:
    """What each claim rests on, by id."""
    ids = dict.fromkeys(claim for card in cards for claim in card.claims)
    return {claim: _rests(claim, [card for card in cards if claim in card.claims]) for claim in ids}


def _rests(claim: str, cards: Sequence[Card]) -> Rests:
    first = [(title_of(card), link_of(card.id)) for card in cards[:NAMED]]
    return Rests(len(cards), first, f"{FOLDER}/{INDEX}.html#{urlencode({'claim': claim})}")


def _enters(card: Card, operands: Sequence[Operand]) -> bool:
    """Whether some rows that the rule compares are of the card's dictionary and draw."""
    return any(_is_drawn_for(card, table) and _meets(card, rows) for table, rows in operands)


def _operands_of(claim: Claim, cards: Sequence[Card]) -> Iterator[Operand]:
    """The tables that a rule compares rows of, and which rows."""
    for part in parts_of(claim.check):
        drawn = [card for card in cards if _is_drawn_for(card, part.reads)]
        yield from ((part.reads, _settled(rows, drawn)) for rows in _operands(part))


def _settled(rows: Rows, cards: Sequence[Card]) -> Rows:
    """The conditions, with the smallest or largest value where they ask for that."""
    plain = tuple(one for one in rows if one.pick is None)
    left = [card for card in cards if _meets(card, plain)]
    picked = [one for one in rows if one.pick is not None and one.column in KEY]
    if not left:
        return plain
    ends = {"min": min, "max": max}
    values = [ends[str(one.pick)](getattr(card, one.column) for card in left) for one in picked]
    settled = [
        Where(column=one.column, values=(value,)) for one, value in zip(picked, values, strict=True)
    ]
    return (*plain, *settled)


def _is_drawn_for(card: Card, table: str) -> bool:
    return table.partition("_")[0] in card.chosen


def _operands(part: Decision) -> Iterator[Rows]:
    yield part.where
    if isinstance(part, Exceeds) and part.against is not None:
        yield part.against
    if isinstance(part, Dominates):
        yield from (rival.where for rival in part.against)


def _meets(card: Card, where: Rows) -> bool:
    """Whether the conditions on what names a dictionary hold; the others are about its rows."""
    return all(_holds(getattr(card, one.column), one) for one in where if one.column in KEY)


def _holds(value: str | float, one: Where) -> bool:
    if one.above is not None:
        return isinstance(value, int | float) and value > one.above
    return value in one.values
