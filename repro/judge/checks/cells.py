"""Sets of rows whose sums give one number each: one for a selection, or one for each part."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from repro.contract.evidence import Table
from repro.judge.checks.rows import column_of, columns_read, select, shown
from repro.spec.quantities import Where

Key = tuple[str | float, ...]
"""Values of the columns that a selection is split by."""


class Thin(Exception):
    """The rows cannot carry a verdict; the message says why. Ends as `inconclusive`."""


@dataclass(frozen=True)
class Cell:
    """A set of rows whose sums give one ratio."""

    name: str
    rows: np.ndarray


def columns_of(clusters: str | tuple[str, str]) -> tuple[str, ...]:
    """The columns that name the units of a family."""
    return (clusters,) if isinstance(clusters, str) else clusters


def cell_of(table: Table, name: str, where: tuple[Where, ...]) -> Cell:
    """All rows of a selection as one cell."""
    return Cell(name, np.flatnonzero(select(table, where)))


def cells_along(table: Table, where: tuple[Where, ...], *columns: str) -> dict[Key, Cell]:
    """The rows of a selection, split by the values of some columns, in sorted order."""
    mask = select(table, where)
    values = [column_of(table, column) for column in columns]
    read = (*columns_read(where), *columns)
    return table.ask(read, ("cells", where, columns), partial(_split, mask, values, columns))


def _split(
    mask: np.ndarray, whole: Sequence[np.ndarray], columns: Sequence[str]
) -> dict[Key, Cell]:
    rows = np.flatnonzero(mask)
    values = [column[rows] for column in whole]
    code = np.zeros(len(rows), dtype=int)
    for column in values:
        found = np.unique(column, return_inverse=True)[1]
        code = code * (found.max() + 1) + found
    _, first, code = np.unique(code, return_index=True, return_inverse=True)
    keys = zip(*(column[first].tolist() for column in values), strict=True)
    held = np.split(rows[np.argsort(code, kind="stable")], np.cumsum(np.bincount(code))[:-1])
    return {key: Cell(_named(columns, key), of) for key, of in zip(keys, held, strict=True)}


def _named(columns: Sequence[str], key: Key) -> str:
    pairs = zip(columns, key, strict=True)
    return ", ".join(f"{column} {shown(value)}" for column, value in pairs)
