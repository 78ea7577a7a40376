"""From rows of sums to points of curves: the arithmetic that the figures share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from repro.contract.evidence import Table


@dataclass(frozen=True)
class SumRatio:
    """Sum of one column over the sum of another, as everywhere in the evidence."""

    over: str
    under: str

    def of(self, table: Table) -> float:
        """The ratio over all rows; not a number where the denominator is zero, drawn as a gap."""
        under = float(table.columns[self.under].sum())
        return float(table.columns[self.over].sum()) / under if under else float("nan")


@dataclass(frozen=True)
class Curve:
    """Points in the order of x."""

    x: np.ndarray
    y: np.ndarray


def select(table: Table, **conditions: Any) -> Table:
    """The rows whose columns equal the given values, or are among a tuple of them."""
    mask = np.ones(len(table), dtype=bool)
    for column, wanted in conditions.items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        mask &= np.any([table.columns[column] == one for one in values], axis=0)
    return table.rows(mask)


def above(table: Table, column: str, bound: float) -> Table:
    """The rows where a column is larger than `bound`."""
    return table.rows(table.columns[column] > bound)


def groups(table: Table, column: str) -> Iterator[tuple[float, Table]]:
    """The rows of each value of a column, in the order of the values."""
    for value in np.unique(table.columns[column]):
        yield value.item(), table.rows(table.columns[column] == value)


def curve(table: Table, along: str, x: SumRatio | None, y: SumRatio) -> Curve:
    """One point for each value of `along`: at its ratio x (or at the value itself), height y."""
    found = groups(table, along)
    points = sorted((x.of(rows) if x else value, y.of(rows)) for value, rows in found)
    return Curve(*np.array(points, dtype=float).reshape(-1, 2).T)


def seed_curves(
    table: Table, along: str, x: SumRatio | None, y: SumRatio, *, by: str = "seed"
) -> Curve:
    """The curves of all values of `by` as one, with a gap after each: one stroke to draw."""
    gap = np.array([np.nan])
    parts = [curve(rows, along, x, y) for _, rows in groups(table, by)]
    return Curve(
        np.concatenate([piece for one in parts for piece in (one.x, gap)]),
        np.concatenate([piece for one in parts for piece in (one.y, gap)]),
    )


def methods_present(table: Table, methods: Sequence[str]) -> list[str]:
    """Those of `methods` that have rows, in the order asked for."""
    found = set(np.unique(table.columns["method"]).tolist())
    return [method for method in methods if method in found]
