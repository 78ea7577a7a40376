"""Ratios in cells of a table, from all rows and from every subset with one cluster left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import numpy as np

from repro.contract.evidence import Table
from repro.errors import DegenerateInputError
from repro.judge import stats
from repro.judge.checks.cells import Cell, Thin, columns_of
from repro.judge.checks.floors import floors_of
from repro.judge.checks.outcome import Contrast
from repro.judge.checks.rows import column_of, numbers_of
from repro.judge.checks.sides import check_sides
from repro.spec.decisions import Decision, Dominates, Matched, Monotone, Smooth
from repro.spec.quantities import Clusters, Ratio
from repro.spec.words import family, quantity

STRATA = ("site", "method")
"""Columns that name a source of rows: its seeds leave only where it has at least two."""


@dataclass(frozen=True)
class Replicates:
    """Sums in each cell: line 0 from all rows, then without each cluster in turn, then floors."""

    cells: tuple[Cell, ...]
    columns: tuple[str, ...]
    sums: np.ndarray
    n_groups: tuple[int, ...]
    n_floors: int = 0
    """Pairs of lines at the end that stand for the noise of a share of which all units agree."""

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
        self,
        names: Sequence[str],
        thetas: np.ndarray,
        confidence: float,
        n_parts: int,
        errors: np.ndarray | None = None,
    ) -> list[Contrast]:
        """Intervals of quantities computed from the replicates (replicates x quantities).

        The joint ones hold together over the quantities, and over `n_parts` rules joined by *and*.
        `errors` is what each quantity may be off by beside its noise.
        """
        beside, n_joint = np.zeros(len(names)) if errors is None else errors, len(names) * n_parts
        jackknifed = stats.jackknife(thetas, self.n_groups, self.n_floors)
        found = stats.intervals(jackknifed, confidence, beside)
        together = stats.family_confidence(confidence, n_joint)
        joint = stats.intervals(jackknifed, together, beside)
        told = zip(names, found, joint, stats.noises(jackknifed, beside.tolist()), strict=True)
        return [Contrast(*one, n_joint) for one in told]

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
        Thin: a cell has too few units, or other units than the rest; or leaving out one empties it.
    """
    check_sides(table, cells, check)
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
    sums = sums[:, :, :-1]
    floors = [] if check.exact else floors_of(table, check.of, columns, sums)
    lines = np.concatenate([sums, *floors])
    return Replicates(tuple(cells), columns, lines, groups, len(floors))


def families_of(table: Table, index: np.ndarray, clusters: Clusters) -> list[stats.Family]:
    """The families of clusters among some rows, with their strata (site and method)."""
    strata = tuple(column for column in STRATA if column in table.columns)
    named = [column for one in clusters for column in columns_of(one)]
    for column in named:
        column_of(table, column)
    what = ("families", clusters, sha256(index.tobytes()).digest())
    return table.ask((*strata, *named), what, partial(_families, table, index, clusters, strata))


def _families(
    table: Table, index: np.ndarray, clusters: Clusters, strata: Sequence[str]
) -> list[stats.Family]:
    stratum = np.zeros(len(index), dtype=int)
    for column in strata:
        codes = np.unique(table.columns[column][index], return_inverse=True)[1]
        stratum = np.unique(stratum * (codes.max() + 1) + codes, return_inverse=True)[1]
    result: list[stats.Family] = []
    for one in clusters:
        units = [table.columns[column][index] for column in columns_of(one)]
        result.append(stats.family_of(family(one), units, stratum))
    return result


def _columns(check: Decision) -> tuple[str, ...]:
    ratios = [check.of]
    match check:
        case Dominates(x=x) | Smooth(x=x) | Monotone(matched=Matched(x=x)):
            ratios.append(x)
        case _:
            pass
    return tuple(dict.fromkeys(column for one in ratios for column in one.columns))
