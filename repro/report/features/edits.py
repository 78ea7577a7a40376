"""What was done with single units: searched for, taken out, amplified, a concept erased by them."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from repro.contract.cards import Card
from repro.contract.evidence import Table
from repro.contract.rows.row import DICTIONARY
from repro.report.features.spelled import alone, running
from repro.report.figures.curves import select
from repro.report.numbers import count, number

OWN = "sae"
"""What cards call the dictionary whose units the stage `erase` takes in three ways."""
ERASED_BY: Mapping[str, str] = {
    "sae": "Chosen as the unit that erases most of it",
    "sae_likest": "Chosen as the unit likest to the difference of means",
    "random_feature": "Drawn at random",
}
"""How the stage `erase` came to a unit, by its method."""


class Edited(NamedTuple):
    """A unit, as the tables name it."""

    site: str
    method: str
    alpha: float
    k: int
    expansion_factor: float
    seed: int
    unit: int


class Example(NamedTuple):
    """One continuation, never picked: that of the first prompt."""

    beginning: Markup
    plain: Markup
    steered: Markup


class Edit(NamedTuple):
    """One thing that was done with a unit, in a sentence."""

    says: Markup
    example: Example | None = None


def edited(card: Card) -> Edited:
    """How the tables name the unit of a card."""
    return Edited(**{name: getattr(card, name) for name in Edited._fields})


def edits_of(tables: Mapping[str, Table]) -> dict[Edited, list[Edit]]:
    """What was done with each unit; nothing of tables that are not there."""
    found: dict[Edited, list[Edit]] = {}
    for unit, edit in chain(_found(tables), _ablated(tables), _steered(tables), _erased(tables)):
        found.setdefault(unit, []).append(edit)
    return found


def _found(tables: Mapping[str, Table]) -> Iterator[tuple[Edited, Edit]]:
    if "features" not in tables:
        return
    own = select(tables["features"], rate="own")
    for unit, (target,), sums in _by_unit(own, "target"):
        says = Markup(
            "Found for <strong>{}</strong>: {} % of its activation is on it, and it fires on {} %."
        )
        precise = _percent(sums["activation_on_target"], sums["activation"])
        recalled = _percent(sums["n_fired_on_target"], sums["n_target"])
        yield unit, Edit(says.format(_words(target), precise, recalled))


def _ablated(tables: Mapping[str, Table]) -> Iterator[tuple[Edited, Edit]]:
    if "feature_ablations" not in tables:
        return
    for unit, (target, expected), sums in _by_unit(
        tables["feature_ablations"], "target", "expected"
    ):
        says = Markup(
            "Taken out where it is active: after <strong>{}</strong> the token {} loses {} nats of "
            "its log-probability, in {} of {} blocks of text more than any other; the loss of "
            "other tokens rises by {} nats."
        )
        alone_falls = count(int(sums["n"] - sums["n_outdone"])), count(int(sums["n"]))
        fall = number(sums["fall"] / sums["n_contexts"])
        rise = number(sums["loss_rise"] / sums["n_other_tokens"])
        yield unit, Edit(says.format(_words(target), alone(expected), fall, *alone_falls, rise))


def _steered(tables: Mapping[str, Table]) -> Iterator[tuple[Edited, Edit]]:
    if not {"steer", "steer_texts"} <= tables.keys():
        return
    examples = dict(_examples(tables["steer_texts"]))
    for unit, _, sums in _by_unit(select(tables["steer"], calibration="loss")):
        if unit in examples:
            keywords, example = examples[unit]
            says = Markup(
                "Amplified as far as the loss may rise: the log-odds of <strong>{}</strong> rise "
                "by {} nats, and {} of {} continuations hold one of these words."
            )
            shift, n = number(sums["log_odds_shift"] / sums["n"]), count(int(sums["n"]))
            held = count(int(sums["n_with_keyword"]))
            yield unit, Edit(says.format(running(keywords), shift, held, n), example)


def _examples(texts: Table) -> Iterator[tuple[Edited, tuple[str, Example]]]:
    """The keywords of each unit, and its continuation of the first prompt."""
    first = select(texts, prompt=0)
    for at, unit in enumerate(_units(first)):
        told = (running(str(first.columns[name][at])) for name in Example._fields)
        yield unit, (str(first.columns["keywords"][at]), Example(*told))


def _erased(tables: Mapping[str, Table]) -> Iterator[tuple[Edited, Edit]]:
    if "erase_scores" not in tables:
        return
    whole = select(tables["erase_scores"], lost="once", method=tuple(ERASED_BY))
    for unit, (task,), sums in _by_unit(whole, "task"):
        if unit.unit >= 0:
            says = Markup(
                "{}: erased at every token from a name on, the score of <strong>{}</strong> falls "
                "by {} on names that it has not seen, where it is {} above chance."
            )
            fall, above = (
                number(sums[name] / sums["n_prompts"])
                for name in ("score_lost", "score_above_chance")
            )
            how = ERASED_BY[unit.method]
            yield unit._replace(method=OWN), Edit(says.format(how, _words(task), fall, above))


def _by_unit(table: Table, *more: str) -> Iterator[tuple[Edited, tuple[Any, ...], Mapping]]:
    """Each unit, and value of other columns, with the sums of its rows' numbers."""
    units = _units(table)
    others = zip(*(table.columns[name].tolist() for name in more), strict=True)
    keys = zip(units, others if more else ((),) * len(units), strict=True)
    places: dict[tuple[Edited, tuple[Any, ...]], list[int]] = {}
    for at, key in enumerate(keys):
        places.setdefault(key, []).append(at)
    numbers = {name: v for name, v in table.columns.items() if np.issubdtype(v.dtype, np.number)}
    for (unit, values), rows in places.items():
        yield unit, values, {name: float(column[rows].sum()) for name, column in numbers.items()}


def _units(table: Table) -> list[Edited]:
    names = zip(*(table.columns[n].tolist() for n in (*DICTIONARY, "feature")), strict=True)
    return [Edited(*one) for one in names]


def _percent(part: float, whole: float) -> str:
    return number(100 * part / whole if whole else None)


def _words(name: str) -> str:
    return name.replace("_", " ")
