"""Parquet files, each vouched for by a hash: the door to pyarrow, which has no types of its own."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]  # there are none
import pyarrow.parquet as pq  # pyright: ignore[reportMissingTypeStubs]  # there are none

from repro.errors import EvidenceError
from repro.files import sha256_of, write_with

Kind = Literal["str", "int", "float"]
ARROW: Mapping[Kind, str] = {"str": "string", "int": "int64", "float": "double"}
"""How pyarrow names each kind where it is asked for."""


class ArrowField(Protocol):
    """A column's name and type."""

    name: str
    type: object


class ArrowSchema(Protocol):
    """What we use of the columns' names and types."""

    def __iter__(self) -> Iterator[ArrowField]:
        """Each column's, in the order of the file."""
        ...


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
    def schema(self) -> ArrowSchema:
        """Names and types of the columns."""
        ...

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        ...

    def column(self, name: str) -> ArrowColumn:
        """A column by name."""
        ...

    def to_pylist(self) -> list[dict[str, Any]]:
        """The rows, each by its columns' names."""
        ...


def schema_of(columns: Mapping[str, Kind], may_be_empty: Sequence[str] = ()) -> ArrowSchema:
    """Names and types of columns; those named last may lack values."""
    arrow = _untyped(pa)
    fields = columns.items()
    return arrow.schema(
        [arrow.field(name, ARROW[kind], name in may_be_empty) for name, kind in fields]
    )


def table_of(columns: Mapping[str, Sequence[object]]) -> ArrowTable:
    """A table of columns of equal length."""
    return _untyped(pa).table(dict(columns))


def table_of_rows(rows: Sequence[Mapping[str, object]], schema: ArrowSchema) -> ArrowTable:
    """A table of rows, with the columns that a schema names."""
    return _untyped(pa).Table.from_pylist(list(rows), schema)


def write_table(path: Path, table: ArrowTable) -> str:
    """Write a table, compressed, whole or not at all; the SHA-256 of the file.

    Bytes of equal place are stored together for floating-point numbers, which rarely repeat:
    signs and exponents of a column are then alike. Other columns are stored as a dictionary.
    """
    floats = [one.name for one in table.schema if str(one.type) == ARROW["float"]]
    how = {
        "compression": "zstd",
        "compression_level": 19,
        "use_dictionary": [name for name in table.column_names if name not in floats],
        "use_byte_stream_split": floats,
    }
    write_with(path, lambda part: _untyped(pq).write_table(table, part, **how))
    return sha256_of(path)


def read_table(path: Path, sha256: str, mend: str) -> ArrowTable:
    """Read a table and hold it against its hash; `mend` is the command that makes it again.

    Raises:
        EvidenceError: the file is missing, truncated, altered or no Parquet.
    """
    if not path.exists():
        raise EvidenceError(f"{path} is missing", expected="the table its header names", mend=mend)
    found = sha256_of(path)
    if found != sha256:
        raise EvidenceError(
            f"{path} is not the file its header vouches for (sha256 {found[:12]}...)",
            expected=f"sha256 {sha256[:12]}...: the file was truncated or changed",
            mend=mend,
        )
    try:
        # `pq.read_table` would go through pyarrow.dataset, which imports pandas (half a second).
        return _untyped(pq).ParquetFile(path).read()
    except (_untyped(pa).ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise EvidenceError(
            f"{path} cannot be read: {first}", expected="Parquet", mend=mend
        ) from None


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
    # Not `to_numpy`, which imports pandas (half a second) wherever it is installed.
    if kind != "str":
        return np.from_dlpack(column.combine_chunks())
    encoded = column.combine_chunks().dictionary_encode()
    words = np.array(encoded.dictionary.to_pylist(), dtype=str)
    return words.take(np.asarray(np.from_dlpack(encoded.indices), dtype=np.intp))


def codes_of(column: ArrowColumn) -> np.ndarray:
    """A number for each value of a column, the same for equal values, counted from 0."""
    return np.from_dlpack(column.combine_chunks().dictionary_encode().indices)


def _untyped(module: ModuleType) -> Any:
    return module
