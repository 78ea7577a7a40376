"""What the page of one unit shows, in words and formatted numbers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from repro.contract.cards import Card, Kind
from repro.report.features.allowance import allowed_each, shown
from repro.report.features.dictionary import Key, key_of, label_of, settings_of
from repro.report.features.fragment import LEVELS, Fragment, scale_of
from repro.report.features.histogram import Histogram, histogram
from repro.report.features.spelled import alone, running
from repro.report.numbers import number

GROUPS: Mapping[Kind, tuple[str, str]] = {
    "top": ("Strongest", "the largest activations, the largest first"),
    "random": ("At random", "among the fragments in which it fires"),
    "near_threshold": ("Barely firing", "its largest activation here is just above zero"),
    "anywhere": ("Anywhere", "at random among all fragments, whether it fires or not"),
}
"""Heading of each kind of fragment, and why these are shown."""

Pages = Mapping[tuple[Key, int], str]
"""Ids of the cards there are, by dictionary and number of the unit."""


class Link(NamedTuple):
    """Words that lead to a page, or stand alone where there is none."""

    says: str
    page: str


class Group(NamedTuple):
    """The fragments of one kind."""

    heading: str
    why: str
    fragments: list[Fragment]


class Measure(NamedTuple):
    """One number about the unit."""

    name: str
    value: str
    unit: str = ""


class UnitPage(NamedTuple):
    """Everything on the page of one unit."""

    title: str
    site: str
    method: str
    unit: int
    hook: str
    settings: list[str]
    measures: list[Measure]
    explanation: Markup
    rules: list[Markup]
    groups: list[Group]
    n_shown: int
    n_all: int
    is_predicted: bool
    legend: list[tuple[int, str]]
    histogram: Histogram | None
    promoted: list[Markup]
    suppressed: list[Markup]
    neighbours: list[Link]
    claims: list[str]
    before: Link | None
    after: Link | None


def title_of(card: Card) -> str:
    """What a unit is called."""
    return f"{card.site}, {label_of(card)}, unit {card.unit}"


class Beside(NamedTuple):
    """A card between the one before it and the one after it."""

    before: Card | None
    card: Card
    after: Card | None


def unit_page(place: Beside, pages: Pages) -> UnitPage:
    """Put the page of a card together; `pages` are all that there are."""
    card = place.card
    text = shown(card, allowed_each(len(pages)))
    return UnitPage(
        title=title_of(card),
        site=card.site,
        method=label_of(card),
        unit=card.unit,
        hook=card.hook,
        settings=settings_of(card),
        measures=_measures(card),
        explanation=running(card.explanation.strip()),
        rules=[running(rule.strip()) for rule in card.rules],
        groups=[Group(*GROUPS[kind], found) for kind, found in text.by_kind.items() if found],
        n_shown=text.n_shown,
        n_all=text.n_all,
        is_predicted=any(excerpt.predicted for excerpt in card.excerpts),
        legend=_legend(scale_of(card).activation),
        histogram=histogram(card.histogram, card.largest),
        promoted=[alone(token) for token in card.promoted],
        suppressed=[alone(token) for token in card.suppressed],
        neighbours=_neighbours(card, pages),
        claims=card.claims,
        before=_link(place.before, card),
        after=_link(place.after, card),
    )


def _measures(card: Card) -> list[Measure]:
    return [
        Measure("density", number(100 * card.density), "% of tokens fire it"),
        Measure("effect", number(card.effect), "× an even share"),
        Measure("skewness", number(card.skewness)),
        Measure("kurtosis", number(card.kurtosis)),
        *(Measure(f"score: {name}", number(score)) for name, score in sorted(card.scores.items())),
    ]


def _legend(largest: float, steps: Sequence[int] = (1, 3, 5, 7, 9)) -> list[tuple[int, str]]:
    """Every other step of the scale with the activation up to which it reaches."""
    return [(step, number(largest * step / LEVELS)) for step in steps] if largest > 0 else []


def _neighbours(card: Card, pages: Pages) -> list[Link]:
    return [
        Link(
            f"unit {one.unit}, cosine {number(one.cosine)}",
            pages.get((key_of(card), one.unit), ""),
        )
        for one in card.neighbours
    ]


def _link(card: Card | None, beside: Card) -> Link | None:
    """A unit of another dictionary is called by its full title."""
    if card is None:
        return None
    is_near = key_of(card) == key_of(beside)
    return Link(f"unit {card.unit}" if is_near else title_of(card), card.id)
