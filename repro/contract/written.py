"""How a table of evidence is written: apart from how it is read and held against what it declares.

Stages write, so what is asked of a table that is read re-runs none of them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from repro.contract.header import Header, Scope
from repro.contract.parquet import Kind, table_of, write_table
from repro.contract.rows import row_models, stage_of
from repro.contract.rows.row import Row
from repro.errors import EvidenceError
from repro.files import write_json

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
