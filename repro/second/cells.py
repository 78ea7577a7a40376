"""Cells: the sets of rows of a rule that give one number each (sections 1 and 3)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from repro.contract.rows import row_models
from repro.second.rows import Rows, selected
from repro.second.stops import NoRows, NoValue, TooThin
from repro.spec.decisions import Decision, Dominates, Exceeds, Monotone, Smooth
from repro.spec.quantities import Ratio, Where


@dataclass(frozen=True)
class Cell:
    """Rows that give one number, or one point of a curve."""

    rows: Rows
    """The rows."""
    of: Ratio
    """The quantity: y of a curve."""
    x: Ratio | None = None
    """The quantity on the horizontal axis, where the cell is a point of a curve."""


@dataclass(frozen=True)
class Point:
    """What a cell comes to."""

    ratio: float
    """r, before any logarithm."""
    y: float
    """r, or ln r where the scale is "log"."""
    x: float = 0.0
    """ln x of a point of a curve."""


@dataclass(frozen=True)
class Layout:
    """The cells of a rule, and how its numbers are made of them."""

    cells: list[Cell]
    """All cells, in order."""
    curves: list[list[int]]
    """Places of the cells of each curve; a cell that is no point of a curve stands alone."""


def sides_of(rule: Decision) -> list[tuple[Where, ...]]:
    """The sides of a rule: `where`, `against`, each rival (section 2)."""
    sides = [rule.where]
    if isinstance(rule, Exceeds) and rule.against is not None:
        sides.append(rule.against)
    if isinstance(rule, Dominates):
        sides += [rival.where for rival in rule.against]
    return sides


def side(rows: Rows, conditions: tuple[Where, ...]) -> Rows:
    """The rows of a side (section 1).

    Raises:
        NoRows: none is left.
        TooThin: they were measured, but none came out as asked.
    """
    found = selected(rows, conditions)
    if found.n:
        return found
    if measured(rows, conditions).n:
        raise TooThin(f"no row of {rows.table} came out as asked")
    raise NoRows(f"no row of {rows.table} is left")


def measured(rows: Rows, conditions: tuple[Where, ...]) -> Rows:
    """The rows of a side, counted without the conditions on outcomes (sections 1 and 2)."""
    outcomes = outcomes_of(rows.table)
    return selected(rows, [one for one in conditions if one.column not in outcomes])


def outcomes_of(table: str) -> dict[str, float]:
    """Columns that say how a measurement came out, and the least share of rows (section 2)."""
    model = row_models().get(table)
    return dict(model.outcomes) if model else {}


def laid_out(rule: Decision, sides: Sequence[Rows]) -> Layout:
    """The cells of a rule (section 3)."""
    match rule:
        case Monotone():
            groups = _by_value(rule, sides[0])
        case Dominates():
            knobs = [rule.knob, *(rival.knob for rival in rule.against)]
            groups = [
                _curve(rows, rule.of, rule.x, knob) for rows, knob in zip(sides, knobs, strict=True)
            ]
        case Smooth():
            groups = [_curve(sides[0], rule.of, rule.x, rule.knob)]
        case _:
            groups = [[Cell(rows, rule.of)] for rows in sides]
    layout = Layout([], [])
    for group in groups:
        layout.curves.append([len(layout.cells) + place for place in range(len(group))])
        layout.cells.extend(group)
    return layout


def _by_value(rule: Monotone, rows: Rows) -> list[list[Cell]]:
    """One cell, or one curve, for each value of `along`."""
    groups: list[list[Cell]] = []
    for value in rows.values(rule.along):
        there = rows.having(rule.along, value)
        matched = rule.matched
        if matched is None:
            groups.append([Cell(there, rule.of)])
        else:
            groups.append(_curve(there, rule.of, matched.x, matched.knob))
    return groups


def _curve(rows: Rows, of: Ratio, x: Ratio, knob: str) -> list[Cell]:
    """One cell for each value of the knob."""
    return [Cell(rows.having(knob, value), of, x) for value in rows.values(knob)]


def point(cell: Cell) -> Point:
    """What a cell comes to: r or ln r, and ln x (section 1).

    Raises:
        NoValue: a denominator that is not above zero, or a logarithm of what is not.
    """
    ratio = _ratio(cell.rows, cell.of)
    y = _logarithm(ratio) if cell.of.scale == "log" else ratio
    x = 0.0 if cell.x is None else _logarithm(_ratio(cell.rows, cell.x))
    return Point(ratio, y, x)


def _ratio(rows: Rows, of: Ratio) -> float:
    """The ratio r = (sum over - sum less) / (sum under - sum under_less) of section 1."""
    over, under = rows.total(of.over), rows.total(of.under)
    if of.less is not None:
        over -= rows.total(of.less)
    if of.under_less is not None:
        under -= rows.total(of.under_less)
    if not under > 0.0:
        raise NoValue(f"the denominator of {of.name} is {under:g}")
    return over / under


def _logarithm(value: float) -> float:
    if not value > 0.0:
        raise NoValue(f"no logarithm of {value:g}")
    return math.log(value)
