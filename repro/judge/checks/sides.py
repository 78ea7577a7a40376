"""Whether rows may carry a verdict: enough units in each cell, the same on all sides, few left out.

A comparison is as thin as its thinnest cell. Sides that rest on different documents, draws or
prompts differ by those as well; seeds alone are each decomposition's own.
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from repro.contract.evidence import Table
from repro.contract.rows import row_models
from repro.contract.rows.row import Row
from repro.contract.vocabulary import ONE_SEED
from repro.judge.checks.cells import Cell, Thin, columns_of
from repro.judge.checks.rows import column_of, select
from repro.judge.stats import MOST_GROUPS
from repro.spec.decisions import Decision, Dominates, Exceeds
from repro.spec.quantities import Where
from repro.spec.words import family, rows

OWN = "seed"
"""The column whose units are a decomposition's own, and need not be those of another."""


def count(table: Table, check: Decision) -> dict[str, int]:
    """Rows judged (ours, where there are rivals) and their clusters of each family.

    Where rows are asked for by how their measurement came out, also how many were measured.
    """
    mask = select(table, check.where)
    found = {
        family(one): len(_units(table, np.flatnonzero(mask), columns_of(one)))
        for one in check.clusters
    }
    # A family of many units leaves in groups, which are what its noise is measured by.
    found |= {f"{name} groups": MOST_GROUPS for name, n in found.items() if n > MOST_GROUPS}
    told, asked = {**found, "rows": int(mask.sum())}, _by_outcome(table, check.where)
    return {**told, "rows measured": _measured(table, check.where)} if asked else told


def check_reached(table: Table, check: Decision) -> None:
    """See that no side rests on the few of its rows that came out as it asks.

    Raises:
        Thin: fewer did than the row model allows; the message tells their share.
    """
    for where in _sides(check):
        floor = max(_by_outcome(table, where).values(), default=0.0)
        if floor:
            reached, measured = int(select(table, where).sum()), _measured(table, where)
            if reached < floor * measured:
                raise Thin(
                    f"few came so far: {reached} of {measured} rows with {rows(where)}; at least "
                    f"{floor:.0%} are needed"
                )


def check_sides(table: Table, cells: Sequence[Cell], check: Decision) -> None:
    """See that every cell has enough units of each family, and all cells the same ones.

    Raises:
        Thin: one has fewer than `min_clusters`, or others than the rest; names cell and units.
    """
    free = {OWN, *(one.column for one in check.unpaired)}
    for one in check.clusters:
        units = [_units(table, cell.rows, columns_of(one)) for cell in cells]
        for cell, mine in zip(cells, units, strict=True):
            if len(mine) < check.min_clusters and not _needs_but_one(table, cell, columns_of(one)):
                raise Thin(
                    f"too thin: {cell.name} has {len(mine)} of {family(one)}, {check.min_clusters} "
                    "are needed"
                )
            if family(one) not in free and mine != units[0]:
                raise Thin(
                    f"{cell.name} and {cells[0].name} rest on different units of {family(one)}: "
                    f"{len(mine ^ units[0])} are on one side alone"
                )


def _sides(check: Decision) -> list[tuple[Where, ...]]:
    match check:
        case Exceeds(against=against) if against is not None:
            return [check.where, against]
        case Dominates(against=rivals):
            return [check.where, *(rival.where for rival in rivals)]
        case _:
            return [check.where]


def _by_outcome(table: Table, where: tuple[Where, ...]) -> dict[str, float]:
    """The columns of a selection that say how a measurement came out, and their least shares."""
    outcomes = row_models().get(table.header.name, Row).outcomes
    return {one.column: outcomes[one.column] for one in where if one.column in outcomes}


def _measured(table: Table, where: tuple[Where, ...]) -> int:
    """Rows of a selection, however they came out."""
    by_outcome = _by_outcome(table, where)
    return int(select(table, tuple(one for one in where if one.column not in by_outcome)).sum())


def _units(table: Table, index: np.ndarray, columns: Sequence[str]) -> frozenset[str | int]:
    """The units among some rows, of the one or two columns that name them."""
    values = [column_of(table, column) for column in columns]

    def found() -> frozenset[str | int]:
        return frozenset(unit for column in values for unit in column[index].tolist())

    return table.ask(tuple(columns), ("units", sha256(index.tobytes()).digest()), found)


def _needs_but_one(table: Table, cell: Cell, columns: Sequence[str]) -> bool:
    """Whether the rows are of methods without randomness, of which one seed is all there is."""
    if columns != (OWN,) or "method" not in table.columns:
        return False
    return _units(table, cell.rows, ("method",)) <= ONE_SEED
