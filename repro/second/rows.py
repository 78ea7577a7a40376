"""Rows of a table and the conditions that keep some of them (section 1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet  # pyright: ignore[reportMissingTypeStubs]  # there are none
from numpy.typing import NDArray

from repro.spec.quantities import Where

Column = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Some rows of a table."""

    table: str
    """Name of the table."""
    columns: dict[str, Column]
    """Their values, by column."""

    @property
    def n(self) -> int:
        """How many."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def kept(self, keep: NDArray[np.bool_]) -> "Rows":
        """Those that are marked."""
        return Rows(self.table, {name: column[keep] for name, column in self.columns.items()})

    def having(self, name: str, value: Any) -> "Rows":
        """Those with this value in a column."""
        return self.kept(self.columns[name] == value)

    def values(self, name: str) -> list[Any]:
        """The different values of a column, sorted."""
        return sorted(set(self.columns[name].tolist()))

    def total(self, name: str) -> float:
        """The sum of a column; of whole numbers it is exact."""
        return float(self.columns[name].sum())


def read_rows(evidence: Path, table: str) -> Rows:
    """All rows of `<name>.parquet`."""
    library: Any = pyarrow.parquet
    read = library.ParquetFile(evidence / f"{table}.parquet").read()
    return Rows(table, {name: read[name].to_numpy() for name in read.column_names})


def selected(rows: Rows, conditions: Sequence[Where]) -> Rows:
    """The rows that all conditions keep; those by smallest or largest are asked last, in order."""
    for condition in conditions:
        if condition.pick is None:
            rows = rows.kept(_meets(rows.columns[condition.column], condition))
    for condition in conditions:
        if condition.pick is not None and rows.n:
            column = rows.columns[condition.column]
            end = column.min() if condition.pick == "min" else column.max()
            rows = rows.kept(column == end)
    return rows


def _meets(column: Column, condition: Where) -> NDArray[np.bool_]:
    if condition.above is not None:
        return np.asarray(column > condition.above)
    keep = np.zeros(len(column), dtype=np.bool_)
    for value in condition.values:
        keep |= column == value
    return keep
