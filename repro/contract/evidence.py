"""Evidence: the tidy tables that stages write and checks read, as Parquet with a JSON header.

A table `<name>` is two files in one folder: `<name>.parquet` (one row a measurement unit) and
`<name>.json` (its header). Sums are stored, never ratios, so that any subset of documents or seeds
has an exact value for every ratio: FVU of a subset is its sum of errors over its sum of variances.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from repro.contract.header import SCHEMA, Header
from repro.contract.parquet import (
    ArrowTable,
    Kind,
    is_of,
    read_table,
    values_of,
)
from repro.contract.rows import command_of, row_models, stage_of
from repro.contract.scoped import contradictions
from repro.contract.whole import faults_of
from repro.contract.written import column_types
from repro.errors import EvidenceError

SHOWN = 200
"""Characters of a value that a message shows."""

Found = TypeVar("Found")
Known = tuple[tuple[str, ...], object]
"""Columns, and what is asked of them."""


@dataclass(frozen=True)
class Table:
    """Columns of equal length with their header; row subsets share nothing with the original."""

    columns: Mapping[str, np.ndarray]
    header: Header
    known: dict[Known, Any] = field(default_factory=dict[Known, Any], repr=False)
    """What was found out about columns alone: claims ask the same of them again and again."""
    origin: "Table | None" = field(default=None, repr=False)
    """The table of the same rows of which it has all columns but those `changed`."""
    changed: frozenset[str] = frozenset()
    """The columns in which it differs from its origin."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def rows(self, mask: np.ndarray) -> "Table":
        """The rows where `mask` holds."""
        return Table(_Kept(self.columns, mask), self.header)

    def replace(self, **columns: np.ndarray) -> "Table":
        """The same rows with some columns changed: for saboteurs, and for draws of evidence."""
        changed = frozenset(columns)
        return Table({**self.columns, **columns}, self.header, origin=self, changed=changed)

    def ask(self, columns: tuple[str, ...], what: object, answer: Callable[[], Found]) -> Found:
        """What `answer` finds, found once for all tables that have the same of these columns.

        Args:
            columns: all columns that the answer depends on.
            what: names the question, the same for the same answer.
            answer: looks at these columns of the table, whose rows it may number, and no others.
        """
        if self.origin is not None and self.changed.isdisjoint(columns):
            return self.origin.ask(columns, what, answer)
        asked = (columns, what)
        if asked not in self.known:
            self.known[asked] = answer()
        return self.known[asked]


class _Kept(Mapping[str, np.ndarray]):
    """Some rows of columns, taken as they are asked for: few of a table's columns are read."""

    def __init__(self, columns: Mapping[str, np.ndarray], mask: np.ndarray) -> None:
        self._columns, self._mask = columns, mask
        self._taken: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._taken:
            self._taken[name] = self._columns[name][self._mask]
        return self._taken[name]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def read_header(folder: Path, name: str) -> Header:
    """Read `<name>.json`.

    Raises:
        EvidenceError: it is missing, is no JSON, or does not follow the header model.
    """
    path = folder / f"{name}.json"
    try:
        return Header.model_validate(json.loads(path.read_text(encoding="utf8")))
    except FileNotFoundError:
        raise EvidenceError(
            f"{path} is missing", expected="a JSON header beside the table", mend=command_of(name)
        ) from None
    except (ValidationError, ValueError) as error:
        raise EvidenceError(
            f"{path} is not a header of evidence: {_first_line(error)}",
            expected=f"the fields of schema {SCHEMA}",
            mend=command_of(name),
        ) from None


def read_evidence(folder: Path, name: str) -> Table:
    """Read a table and hold it against its header and its row model.

    Raises:
        EvidenceError: a file is missing, truncated or altered; a column is missing, unknown or of
            the wrong type; there are no rows; a number is NaN or infinite; header and table
            contradict each other; the table is not whole (`faults_of`).
    """
    header = read_header(folder, name)
    path = folder / f"{name}.parquet"
    table = read_table(path, header.sha256, command_of(name))
    expected = column_types(row_models()[name]) if name in row_models() else header.columns
    columns = {
        column: _checked_column(path, name, table, column, kind)
        for column, kind in expected.items()
    }
    unknown = sorted(set(table.column_names) - set(expected))
    if unknown:
        raise EvidenceError(
            f"{path} has the unknown column {unknown[0]!r}",
            expected=f"the columns {', '.join(expected)}",
            mend=command_of(name),
        )
    if table.num_rows == 0:
        raise EvidenceError(
            f"{path} has zero rows", expected="at least one row", mend=command_of(name)
        )
    _check_header(path, header, name, table.num_rows, expected)
    if name in row_models():
        _check_whole(path, header, table, columns)
    return Table(columns, header)


def _check_header(
    path: Path, header: Header, name: str, n_rows: int, columns: Mapping[str, Kind]
) -> None:
    told = {
        "schema_version": (header.schema_version, SCHEMA),
        "name": (header.name, name),
        "stage": (header.stage, stage_of(name) if name in row_models() else header.stage),
        "n_rows": (header.n_rows, n_rows),
        "columns": (header.columns, columns),
    }
    for what, (says, found) in told.items():
        if says != found:
            raise EvidenceError(
                f"the header of {path} contradicts its table: {what} is {_short(says)} there",
                expected=_short(found),
                mend=command_of(name),
            )


def _check_whole(
    path: Path, header: Header, table: ArrowTable, columns: Mapping[str, np.ndarray]
) -> None:
    name = header.name
    faults = [*faults_of(row_models()[name], table, columns), *contradictions(header, columns)]
    if faults:
        raise EvidenceError(
            f"{path} is no evidence: {'; '.join(faults)}",
            expected="keys, bounds, relations and units as declared, and the scope it claims",
            mend=command_of(name),
        )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _checked_column(
    path: Path, name: str, table: ArrowTable, column: str, kind: Kind
) -> np.ndarray:
    if column not in table.column_names:
        raise EvidenceError(
            f"{path} has no column {column!r} (found: {', '.join(table.column_names)})",
            expected=f"a column {column!r} of type {kind}",
            mend=command_of(name),
        )
    arrow = table.column(column)
    if not is_of(kind, arrow):
        raise EvidenceError(
            f"{path}: column {column!r} has type {arrow.type}", expected=kind, mend=command_of(name)
        )
    values = None if arrow.null_count else values_of(kind, arrow)
    if values is None or (kind == "float" and not np.isfinite(values).all()):
        raise EvidenceError(
            f"{path}: column {column!r} holds NaN, infinite or missing values",
            expected="finite numbers: what could not be measured is left out and counted",
            mend=command_of(name),
        )
    return values


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[0]
