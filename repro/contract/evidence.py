"""Evidence: the tidy tables that stages write and checks read, as Parquet with a JSON header.

A table `<name>` is two files in one folder: `<name>.parquet` (one row a measurement unit) and
`<name>.json` (its header). Sums are stored, never ratios, so that any subset of documents or seeds
has an exact value for every ratio: FVU of a subset is its sum of errors over its sum of variances.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from repro.contract.parquet import (
    ArrowTable,
    Kind,
    is_of,
    read_table,
    table_of,
    values_of,
    write_table,
)
from repro.contract.rows import command_of, row_models, stage_of
from repro.contract.rows.row import Row
from repro.errors import EvidenceError
from repro.files import write_json

SCHEMA = 2


class Scope(BaseModel):
    """What the evidence speaks of, and so how far a verdict reaches."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    model: str
    """Language model, named for what it is."""
    text: str
    """Where the text comes from."""
    sources: dict[str, dict[str, float]]
    """Share of the tokens of each split that comes from each source of the text."""
    bos: str
    """Token that starts each sequence, as the tokenizer spells it; none where there is none."""
    sites: dict[str, str]
    """Role of each site, the hook that it names, and the weights where they are not the trained."""
    tokens: dict[str, int]
    """Activations of each split; training ones of a site that has fewer, by its name."""
    seeds: list[int]
    """Seeds of the grid."""
    device: str
    """Processor or accelerator of the training, and its arithmetic."""
    max_logit_difference: float
    """Largest difference between the logits of the adapter and of the plain model, at load."""
    is_paper_setting: bool
    """Whether model, sites and sizes are those of the paper."""


class Header(BaseModel):
    """What stands beside a table: where it comes from and what it counts."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    schema_version: int = Field(default=SCHEMA)
    """Version of this format."""
    name: str
    """Name of the table."""
    stage: str
    """Stage that wrote it."""
    n_rows: int
    """Rows in the table."""
    columns: dict[str, Kind]
    """Column names and their types: str, int or float."""
    counts: dict[str, int]
    """Complete denominators: sampled, dead, dropped, failed, scored, ..."""
    scope: Scope | None
    """What the evidence speaks of; none where it speaks of planted data alone."""
    provenance: dict[str, Any]
    """Params, input hashes, versions, device; no clock time, so that a re-run is identical."""
    sha256: str
    """SHA-256 of the Parquet file."""


@dataclass(frozen=True)
class Table:
    """Columns of equal length with their header; row subsets share nothing with the original."""

    columns: Mapping[str, np.ndarray]
    header: Header

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def rows(self, mask: np.ndarray) -> "Table":
        """The rows where `mask` holds."""
        return Table({name: values[mask] for name, values in self.columns.items()}, self.header)

    def replace(self, **columns: np.ndarray) -> "Table":
        """The same rows with some columns changed (saboteurs use this)."""
        return Table({**self.columns, **columns}, self.header)


_KINDS: dict[type, Kind] = {str: "str", int: "int", float: "float"}


def column_types(model: type[Row]) -> dict[str, Kind]:
    """Column names of a row model and their types as the header spells them."""
    hints = get_type_hints(model)
    return {name: _KINDS[hints[name]] for name in model.model_fields}


def write_evidence(
    folder: Path,
    name: str,
    rows: Sequence[Row],
    *,
    counts: Mapping[str, int],
    scope: Scope | None,
    provenance: Mapping[str, Any],
) -> None:
    """Write a table and its header; the header comes last and vouches for the table.

    Raises:
        EvidenceError: there are no rows.
    """
    model = row_models()[name]
    if not rows:
        raise EvidenceError(
            f"nothing was measured for {name}: the table would have zero rows",
            expected="at least one row a dictionary",
            mend=f"widen the section `{stage_of(name)}` of params.yaml, then: dvc repro",
        )
    columns = {c: [getattr(row, c) for row in rows] for c in model.model_fields}
    header = Header(
        name=name,
        stage=stage_of(name),
        n_rows=len(rows),
        columns=column_types(model),
        counts=dict(counts),
        scope=scope,
        provenance=dict(provenance),
        sha256=write_table(folder / f"{name}.parquet", table_of(columns)),
    )
    write_json(folder / f"{name}.json", header.model_dump())


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
            the wrong type; there are no rows; a number is NaN or infinite.
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
    return Table(columns, header)


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
