"""What is too thin for a verdict, before anything is computed (section 2)."""

from collections.abc import Sequence
from typing import Any

from repro.contract.vocabulary import ONE_SEED
from repro.second.cells import Cell, Layout, measured, outcomes_of, sides_of
from repro.second.rows import Rows, selected
from repro.second.stops import TooThin
from repro.second.units import Family, groups_of, strata_that_give, units_of, without
from repro.spec.decisions import Decision


def refuse_thin(rule: Decision, table: Rows, sides: Sequence[Rows], layout: Layout) -> None:
    """Nothing where the rows can bear a verdict.

    Raises:
        TooThin: few units, other units on other sides, a cell that empties, or a side of which
            too few rows came out as asked.
    """
    _enough_units(rule, [sides[0], *(cell.rows for cell in layout.cells)])
    _same_units(rule, layout.cells)
    _none_empties(rule, layout.cells)
    _came_out(rule, table)


def _enough_units(rule: Decision, sets: Sequence[Rows]) -> None:
    for family in rule.clusters:
        for rows in sets:
            least = 1 if family == "seed" and _has_one_seed(rows) else rule.min_clusters
            if len(units_of(rows, family)) < least:
                raise TooThin(f"fewer than {least} units of {family}")


def _has_one_seed(rows: Rows) -> bool:
    """Whether the methods of some rows are all without randomness."""
    return "method" in rows.columns and set(rows.values("method")) <= ONE_SEED


def _same_units(rule: Decision, cells: Sequence[Cell]) -> None:
    free: set[Family] = {one.column for one in rule.unpaired}
    for family in rule.clusters:
        if family not in free and not _is_of_seeds(family):
            found: list[set[Any]] = [units_of(cell.rows, family) for cell in cells]
            if any(one != found[0] for one in found):
                raise TooThin(f"different units of {family} in different cells")


def _is_of_seeds(family: Family) -> bool:
    names = (family,) if isinstance(family, str) else family
    return all(one in ("seed", "seed_a", "seed_b") for one in names)


def _none_empties(rule: Decision, cells: Sequence[Cell]) -> None:
    for family in rule.clusters:
        giving = strata_that_give(cells, family)
        for group in groups_of(cells, family):
            if any(without(cell, family, group, giving).rows.n == 0 for cell in cells):
                raise TooThin(f"a cell has no row without some {family}")


def _came_out(rule: Decision, table: Rows) -> None:
    outcomes = outcomes_of(rule.reads)
    for conditions in sides_of(rule):
        asked = [outcomes[one.column] for one in conditions if one.column in outcomes]
        if asked:
            share = selected(table, conditions).n / measured(table, conditions).n
            if share < max(asked):
                raise TooThin("too few rows came out as asked")
