"""Ratios in cells of a table, from all rows and from every subset with one cluster left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from repro.contract.evidence import Table
from repro.errors import DegenerateInputError
from repro.judge import stats
from repro.judge.checks.outcome import Contrast
from repro.judge.checks.rows import column_of, numbers_of, select, shown
from repro.spec.decisions import Decision, Dominates, Matched, Monotone, Smooth
from repro.spec.quantities import Clusters, Ratio, Where
from repro.spec.words import family, quantity

Key = tuple[str | float, ...]
"""Values of the columns that a selection is split by."""
STRATA = ("site", "method")
"""Columns that name a source of rows: its seeds leave only where it has at least two."""


class Thin(Exception):
    """The rows cannot carry a verdict; the message says why. Ends as `inconclusive`."""


@dataclass(frozen=True)
class Cell:
    """A set of rows whose sums give one ratio."""

    name: str
    rows: np.ndarray


@dataclass(frozen=True)
class Replicates:
    """Sums in each cell: line 0 from all rows, then without each cluster in turn."""

    cells: tuple[Cell, ...]
    columns: tuple[str, ...]
    sums: np.ndarray
    n_groups: tuple[int, ...]

    def ratio(self, of: Ratio) -> np.ndarray:
        """The ratio in each cell (replicates x cells), or its logarithm.

        Raises:
            DegenerateInputError: a denominator is not above zero, or a logarithm has no value.
        """
        over = self._sum(of.over) - (self._sum(of.less) if of.less else 0.0)
        under = self._sum(of.under) - (self._sum(of.under_less) if of.under_less else 0.0)
        self._demand_positive(under, of, "its denominator")
        value = over / under
        if of.scale == "log":
            self._demand_positive(value, of, "the argument of its logarithm")
            return np.log(value)
        return value

    def log_of(self, x: Ratio) -> np.ndarray:
        """The logarithm of x in each cell: the horizontal axis of a curve.

        Raises:
            DegenerateInputError: x is not above zero.
        """
        linear = x.model_copy(update={"scale": "linear"})
        value = self.ratio(linear)
        self._demand_positive(value, linear, "the argument of its logarithm")
        return np.log(value)

    def contrasts(
        self, names: Sequence[str], thetas: np.ndarray, confidence: float, n_parts: int
    ) -> list[Contrast]:
        """Intervals of quantities computed from the replicates (replicates x quantities).

        The joint ones hold together over the quantities, and over `n_parts` rules joined by *and*.
        """
        jackknifed = stats.jackknife(thetas, self.n_groups)
        found = stats.intervals(jackknifed, confidence)
        together = stats.family_confidence(confidence, len(names) * n_parts)
        joint = stats.intervals(jackknifed, together)
        return [Contrast(*one) for one in zip(names, found, joint, strict=True)]

    def _sum(self, column: str) -> np.ndarray:
        return self.sums[:, :, self.columns.index(column)]

    def _demand_positive(self, values: np.ndarray, of: Ratio, what: str) -> None:
        bad = np.argwhere(values <= 0)
        if len(bad):
            cell = int(bad[0, 1])
            raise DegenerateInputError(
                f"{quantity(of)} has no value for {self.cells[cell].name}: {what} is not above 0",
                expected="data that vary, and units that are active",
                mend="look at these rows of the evidence, then run their stage again",
            )


def replicate(table: Table, cells: Sequence[Cell], check: Decision) -> Replicates:
    """Sum what a check reads in each cell, with and without each cluster.

    Raises:
        Thin: leaving out one cluster empties a cell.
    """
    columns = _columns(check)
    index = np.concatenate([cell.rows for cell in cells])
    cell = np.repeat(np.arange(len(cells)), [len(one.rows) for one in cells])
    families = families_of(table, index, check.clusters)
    values = [numbers_of(table, column)[index] for column in columns]
    counted = np.stack([*values, np.ones(len(index))], axis=1)
    sums = stats.leave_out_sums(counted, cell, len(cells), families)
    empty = np.argwhere(sums[:, :, -1] < 1)
    if len(empty):
        name = cells[int(empty[0, 1])].name
        raise Thin(f"too thin: {name} rests on one cluster alone, so nothing tells its noise")
    groups = tuple(one.n_groups for one in families)
    return Replicates(tuple(cells), columns, sums[:, :, :-1], groups)


def families_of(table: Table, index: np.ndarray, clusters: Clusters) -> list[stats.Family]:
    """The families of clusters among some rows, with their strata (site and method)."""
    names = [column for column in STRATA if column in table.columns]
    strata = np.zeros(len(index), dtype=int)
    for column in names:
        codes = np.unique(table.columns[column][index], return_inverse=True)[1]
        strata = np.unique(strata * (codes.max() + 1) + codes, return_inverse=True)[1]
    result: list[stats.Family] = []
    for one in clusters:
        units = [column_of(table, column)[index] for column in columns_of(one)]
        result.append(stats.family_of(family(one), units, strata))
    return result


def count(table: Table, check: Decision) -> dict[str, int]:
    """Rows judged (ours, where there are rivals) and their clusters of each family."""
    mask = select(table, check.where)
    found = {
        family(one): len(np.unique([column_of(table, column)[mask] for column in columns_of(one)]))
        for one in check.clusters
    }
    return {**found, "rows": int(mask.sum())}


def columns_of(clusters: str | tuple[str, str]) -> tuple[str, ...]:
    """The columns that name the units of a family."""
    return (clusters,) if isinstance(clusters, str) else clusters


def cell_of(table: Table, name: str, where: tuple[Where, ...]) -> Cell:
    """All rows of a selection as one cell."""
    return Cell(name, np.flatnonzero(select(table, where)))


def cells_along(table: Table, where: tuple[Where, ...], *columns: str) -> dict[Key, Cell]:
    """The rows of a selection, split by the values of some columns, in sorted order."""
    rows = np.flatnonzero(select(table, where))
    values = [column_of(table, column)[rows] for column in columns]
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


def _columns(check: Decision) -> tuple[str, ...]:
    ratios = [check.of]
    match check:
        case Dominates(x=x) | Smooth(x=x) | Monotone(matched=Matched(x=x)):
            ratios.append(x)
        case _:
            pass
    return tuple(dict.fromkeys(column for one in ratios for column in one.columns))
