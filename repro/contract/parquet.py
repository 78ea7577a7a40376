"""Parquet files and their columns: the door to pyarrow, which has no types of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]  # there are none
import pyarrow.parquet as pq  # pyright: ignore[reportMissingTypeStubs]  # there are none

Kind = Literal["str", "int", "float"]


class ArrowColumn(Protocol):
    """What we use of a column as a file holds it."""

    @property
    def type(self) -> object:
        """Type of the values, in pyarrow's words."""
        ...

    @property
    def null_count(self) -> int:
        """How many values are missing."""
        ...

    def combine_chunks(self) -> Any:
        """The values as one array."""
        ...


class ArrowTable(Protocol):
    """What we use of a table as a file holds it."""

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in the order of the file."""
        ...

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        ...

    def column(self, name: str) -> ArrowColumn:
        """A column by name."""
        ...


class UnreadableError(Exception):
    """The file cannot be read, or is no Parquet; the message says why."""


def write_table(path: Path, columns: Mapping[str, Sequence[object]]) -> None:
    """Write columns of equal length, compressed."""
    table = _untyped(pa).table(dict(columns))
    _untyped(pq).write_table(table, path, compression="zstd")


def read_table(path: Path) -> ArrowTable:
    """Read a whole file.

    Raises:
        UnreadableError: it cannot be read, or is no Parquet.
    """
    try:
        # `pq.read_table` would go through pyarrow.dataset, which imports pandas (half a second).
        return _untyped(pq).ParquetFile(path).read()
    except (_untyped(pa).ArrowException, OSError) as error:
        raise UnreadableError(str(error)) from error


def is_of(kind: Kind, column: ArrowColumn) -> bool:
    """Whether a column holds text, whole numbers or floating-point numbers of any width."""
    types = _untyped(pa).types
    match kind:
        case "str":
            return types.is_string(column.type) or types.is_large_string(column.type)
        case "int":
            return types.is_integer(column.type)
        case "float":
            return types.is_floating(column.type)


def values_of(kind: Kind, column: ArrowColumn) -> np.ndarray:
    """The values of a column of that kind in which none is missing."""
    values = column.combine_chunks()
    # Not `to_numpy`, which imports pandas (half a second) wherever it is installed.
    return np.array(values.to_pylist(), dtype=str) if kind == "str" else np.from_dlpack(values)


def _untyped(module: ModuleType) -> Any:
    return module
