"""What the index of all units shows: a line each, the same columns for all."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from markupsafe import Markup

from repro.contract.cards import Card, Excerpt
from repro.report.features.dictionary import label_of
from repro.report.features.spelled import alone, running
from repro.report.numbers import DASH, number

SCORES_SHOWN = 3
"""Scores that have a column: those that most cards have; a unit's own page shows all."""
_WORDS_SHOWN = 6


class Column(NamedTuple):
    """A heading, and what stands below it: a word, a number, or text that has no order."""

    name: str
    kind: Literal["word", "number", "text"]


class Cell(NamedTuple):
    """A number as it is shown, and the one by which it is sorted; empty where there is none."""

    shown: str
    value: str


class Line(NamedTuple):
    """One unit: who it is, what it reacts to, and its numbers."""

    id: str
    unit: int
    site: str
    method: str
    words: list[Markup]
    explanation: Markup
    numbers: list[Cell]
    claims: list[str]


class Index(NamedTuple):
    """The whole index."""

    columns: list[Column]
    lines: list[Line]

    @property
    def claims(self) -> list[str]:
        """Ids of the claims that rest on some of the units."""
        return sorted({claim for line in self.lines for claim in line.claims})


def index(cards: Sequence[Card]) -> Index:
    """A line for each card, in their order."""
    scores = _scores(cards)
    who = [Column("unit", "word"), Column("site", "word"), Column("method", "word")]
    names = ("density", "effect", "skewness", "kurtosis", *scores)
    columns = [*who, Column("reacts to", "text"), *(Column(name, "number") for name in names)]
    return Index(columns, [_line(card, scores) for card in cards])


def _scores(cards: Sequence[Card]) -> list[str]:
    found = Counter(name for card in cards for name in card.scores)
    return sorted(found, key=lambda name: (-found[name], name))[:SCORES_SHOWN]


def _line(card: Card, scores: Sequence[str]) -> Line:
    says = card.explanation.strip() or next(iter(card.rules), "")
    measured = [card.effect, card.skewness, card.kurtosis, *map(card.scores.get, scores)]
    density = Cell(f"{number(100 * card.density)}\N{NO-BREAK SPACE}%", repr(card.density))
    return Line(
        id=card.id,
        unit=card.unit,
        site=card.site,
        method=label_of(card),
        words=[alone(word) for word in _words(card)],
        explanation=running(says),
        numbers=[density, *map(_cell, measured)],
        claims=card.claims,
    )


def _cell(value: float | None) -> Cell:
    return Cell(DASH, "") if value is None else Cell(number(value), repr(value))


def _words(card: Card) -> list[str]:
    """The tokens on which it fires most in its strongest fragments, without those said before."""
    peaks = [_peak(one) for one in card.excerpts if one.kind == "top" and one.tokens]
    return list(dict.fromkeys(peaks))[:_WORDS_SHOWN]


def _peak(excerpt: Excerpt) -> str:
    values = excerpt.activations
    return excerpt.tokens[values.index(max(values))]
