"""Planted changes to a table of evidence: what a check must notice."""

from typing import assert_never

import numpy as np

from repro.contract.evidence import Table
from repro.judge.checks.rows import column_of, numbers_of, select
from repro.spec.quantities import Where
from repro.spec.sabotage import (
    Drop,
    Jitter,
    Level,
    Reverse,
    Saboteur,
    Scale,
    Shuffle,
    Swap,
    Tilt,
)


def sabotage(saboteur: Saboteur, table: Table) -> Table:
    """The table with the saboteur's change; the original is left as it was.

    Raises:
        EvidenceError: no row fits the saboteur's selection.
        SpecError: it names a column that the table lacks.
    """
    mask = select(table, saboteur.where)
    match saboteur:
        case Drop():
            return table.rows(~mask)
        case Level():
            return table.replace(**_levelled(saboteur, table, mask))
        case Reverse(along=column):
            return table.replace(**{column: _reversed(saboteur, table, mask)})
        case _:
            return table.replace(**{saboteur.column: _changed(saboteur, table, mask)})


def _changed(
    saboteur: Swap | Shuffle | Scale | Tilt | Jitter, table: Table, mask: np.ndarray
) -> np.ndarray:
    column = saboteur.column
    match saboteur:
        case Swap():
            return _swapped(saboteur, table, mask)
        case Shuffle(seed=seed):
            mixed = column_of(table, column).copy()
            mixed[mask] = np.random.default_rng(seed).permutation(mixed[mask])
            return mixed
        case Scale(factor=factor):
            return _times(table, column, mask, np.array(factor))
        case Tilt(along=along, factor=factor):
            return _times(table, column, mask, factor ** _ranks(table, along, mask))
        case Jitter(by=by, sd=sd, seed=seed):
            ranks = _ranks(table, by, mask)
            draws = np.random.default_rng(seed).standard_normal(int(ranks.max()) + 1)
            return _times(table, column, mask, np.exp(sd * draws)[ranks])
        case _ as never:
            assert_never(never)


def _ranks(table: Table, along: str, mask: np.ndarray) -> np.ndarray:
    """The rank of each selected row's value among the sorted distinct ones."""
    return np.unique(column_of(table, along)[mask], return_inverse=True)[1]


def _times(table: Table, column: str, mask: np.ndarray, factor: np.ndarray) -> np.ndarray:
    changed = numbers_of(table, column)
    changed[mask] *= factor
    return changed


def _swapped(saboteur: Swap, table: Table, mask: np.ndarray) -> np.ndarray:
    a, b = (
        mask & select(table, (Where(column=saboteur.column, values=(label,)),))
        for label in (saboteur.a, saboteur.b)
    )
    changed = column_of(table, saboteur.column).copy()
    changed[a], changed[b] = saboteur.b, saboteur.a
    return changed


def _reversed(saboteur: Reverse, table: Table, mask: np.ndarray) -> np.ndarray:
    changed = column_of(table, saboteur.along).copy()
    values, ranks = np.unique(changed[mask], return_inverse=True)
    changed[mask] = values[::-1][ranks]
    return changed


def _levelled(saboteur: Level, table: Table, mask: np.ndarray) -> dict[str, np.ndarray]:
    group = np.zeros(int(mask.sum()), dtype=int)
    for column in saboteur.within:
        ranks = _ranks(table, column, mask)
        group = np.unique(group * (ranks.max() + 1) + ranks, return_inverse=True)[1]
    along = _ranks(table, saboteur.along, mask)
    shape = (int(group.max()) + 1, int(along.max()) + 1)
    slot = np.ravel_multi_index((group, along), shape)
    n_rows = np.bincount(slot, minlength=np.prod(shape)).reshape(shape)
    changes: dict[str, np.ndarray] = {}
    for column in saboteur.columns:
        changed = numbers_of(table, column)
        sums = np.bincount(slot, changed[mask], np.prod(shape)).reshape(shape)
        first = np.broadcast_to(sums[:, :1], shape)
        factor = np.divide(first, sums, out=np.zeros(shape), where=sums != 0)
        # A sum of zero cannot be rescaled: its rows share the first value's sum evenly.
        shared = np.divide(first, n_rows, out=np.zeros(shape), where=(sums == 0) & (n_rows > 0))
        changed[mask] = changed[mask] * factor.ravel()[slot] + shared.ravel()[slot]
        changes[column] = changed
    return changes
