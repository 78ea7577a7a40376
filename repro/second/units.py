"""Families of independent units, and what is left when some of them are left out (section 2)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repro.second.cells import Cell
from repro.second.rows import Column, Rows

Family = str | tuple[str, str]

MOST_GROUPS = 20
"""Groups of units that are left out in turn, at most."""
STRATUM = ("site", "method")
"""Columns that name a stratum; a table may have but one of them, or none."""


def members(rows: Rows, family: Family) -> list[Column]:
    """The column of a family, or its two columns."""
    names = (family,) if isinstance(family, str) else family
    return [rows.columns[name] for name in names]


def units_of(rows: Rows, family: Family) -> set[Any]:
    """The different units of a family among some rows."""
    found: set[Any] = set()
    for column in members(rows, family):
        found |= set(column.tolist())
    return found


def groups_of(cells: Sequence[Cell], family: Family) -> list[set[Any]]:
    """Units of all cells together, sorted; of more than 20 rank i is in group i mod 20."""
    together: set[Any] = set()
    for cell in cells:
        together |= units_of(cell.rows, family)
    ranked = sorted(together)
    groups: list[set[Any]] = [set() for _ in range(min(len(ranked), MOST_GROUPS))]
    for rank, unit in enumerate(ranked):
        groups[rank % MOST_GROUPS].add(unit)
    return groups


def stratum_of(rows: Rows) -> list[tuple[Any, ...]]:
    """The stratum of each row."""
    columns = [rows.columns[name].tolist() for name in STRATUM if name in rows.columns]
    return list(zip(*columns, strict=True)) if columns else [()] * rows.n


def strata_that_give(cells: Sequence[Cell], family: Family) -> set[tuple[Any, ...]]:
    """Strata with at least two units: a unit leaves from no other."""
    units: dict[tuple[Any, ...], set[Any]] = {}
    for cell in cells:
        for column in members(cell.rows, family):
            for stratum, unit in zip(stratum_of(cell.rows), column.tolist(), strict=True):
                units.setdefault(stratum, set()).add(unit)
    return {stratum for stratum, found in units.items() if len(found) >= 2}


def without(cell: Cell, family: Family, group: set[Any], giving: set[tuple[Any, ...]]) -> Cell:
    """A cell without the rows of a group; a row of two units leaves with either, once."""
    leaves: NDArray[np.bool_] = np.zeros(cell.rows.n, dtype=np.bool_)
    for column in members(cell.rows, family):
        leaves |= np.isin(column, list(group))
    gives = np.array([stratum in giving for stratum in stratum_of(cell.rows)], dtype=np.bool_)
    return Cell(cell.rows.kept(~(leaves & gives)), cell.of, cell.x)
