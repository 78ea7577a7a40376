"""A calibration survives its two files, and files that do not fit each other are never believed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repro.contract.parquet import read_table, write_table
from repro.contract.proofs.calibration import (
    AtEdge,
    Calibration,
    ClaimCalibration,
    ErrorRates,
    Errors,
    Power,
    PowerCurve,
    Rate,
)
from repro.contract.proofs.tallies import (
    SUMMARY,
    TABLE,
    read_calibration,
    schema,
    write_calibration,
)
from repro.errors import EvidenceError
from repro.files import sha256_of, write_json
from tests.import_graph import ROOT

COMMITTED = ROOT / "reports" / "calibration"


def rate(count: int, draws: int = 40) -> Rate:
    share = count / draws
    return Rate(count=count, draws=draws, lower=share / 2, upper=min(2 * share, 1.0))


def at_edge(edge: str, errors: Errors, supported: int, refuted: int) -> AtEdge:
    return AtEdge(
        edge=edge, errors=errors, supported=rate(supported), refuted=rate(refuted), unjudged=1
    )


def claim(control: str | None = None) -> ClaimCalibration:
    """Two boundaries under two shapes of error, and a power curve beyond the first."""
    normal = [at_edge("first", "normal", 2, 1), at_edge("second", "normal", 1, 3)]
    heavy = [at_edge("first", "heavy", 5, 0), at_edge("second", "heavy", 4, 4)]
    points = [
        Power(effect=0.0, supported=normal[0].supported),
        Power(effect=0.1, supported=rate(30)),
        Power(effect=0.3, supported=rate(40)),
    ]
    return ClaimCalibration(
        id="c14",
        control=control,
        kinds=["smooth"],
        level=0.025,
        bound=0.0375,
        rates=[ErrorRates.at_worst(normal, 0.025), ErrorRates.at_worst(heavy, 0.025)],
        edges=[*normal, *heavy],
        unreachable=["third"],
        curves=[PowerCurve(edge="first", unit="1", points=points, smallest_effect=None)],
    )


def whole() -> Calibration:
    return Calibration(
        date="2026-01-02",
        machine="m",
        versions={"python": "3"},
        evidence={"fidelity": "ab"},
        seed=0,
        draws={"normal": 40, "other": 40, "power": 40},
        claims=[claim(), claim("a control")],
        kinds=[],
        unplaced={"c19": ["every"]},
    )


def test_both_files_are_read_as_what_was_written(tmp_path: Path):
    write_calibration(tmp_path, whole())
    assert {path.name for path in tmp_path.iterdir()} == {SUMMARY, TABLE}
    assert read_calibration(tmp_path) == whole()


def test_each_set_of_draws_is_one_row_with_typed_columns(tmp_path: Path):
    write_calibration(tmp_path, whole())
    table = pq.ParquetFile(tmp_path / TABLE).read()
    assert table.schema == schema()
    rows = table.to_pylist()
    assert len(rows) == 2 * (4 + 2), "the point at no effect is the boundary itself"
    assert rows[0] == {
        "claim": "c14", "control": None, "edge": "first", "errors": "normal", "effect": 0.0,
        "draws": 40, "supported": 2, "supported_lower": 0.025, "supported_upper": 0.1,
        "refuted": 1, "refuted_lower": 0.0125, "refuted_upper": 0.05, "unjudged": 1,
    }  # fmt: skip
    assert [row["refuted"] for row in rows if row["effect"]] == [None] * 4


def test_the_committed_calibration_is_whole_and_its_summary_can_be_read_by_eye(tmp_path: Path):
    found = read_calibration(COMMITTED)
    write_calibration(tmp_path, found)
    assert read_calibration(tmp_path) == found
    assert {path.name for path in COMMITTED.iterdir() if path.suffix != ".svg"} == {SUMMARY, TABLE}
    assert (COMMITTED / SUMMARY).read_bytes().count(b"\n") < 1000


@pytest.mark.parametrize("name", [SUMMARY, TABLE])
def test_one_file_alone_is_refused(tmp_path: Path, name: str):
    write_calibration(tmp_path, whole())
    (tmp_path / name).unlink()
    with pytest.raises(EvidenceError, match=f"{name} is missing") as caught:
        read_calibration(tmp_path)
    assert caught.value.mend == "make calibrate"


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b[:99] + b"x" + b[100:]])
def test_rows_that_the_summary_does_not_vouch_for_are_refused(
    tmp_path: Path, damage: Callable[[bytes], bytes]
):
    write_calibration(tmp_path, whole())
    path = tmp_path / TABLE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(EvidenceError, match=f"{TABLE} is not the file") as caught:
        read_calibration(tmp_path)
    assert caught.value.mend == "make calibrate"


@pytest.mark.parametrize("text", ["", "{}", '{"schema_version": 1, "date": 3}', "\xff"])
def test_a_summary_of_another_form_is_named(tmp_path: Path, text: str):
    write_calibration(tmp_path, whole())
    (tmp_path / SUMMARY).write_bytes(text.encode("latin1"))
    with pytest.raises(EvidenceError, match=f"{SUMMARY} is no calibration"):
        read_calibration(tmp_path)


def resealed(folder: Path, change: Callable[[list[dict[str, Any]]], list[Any]]) -> None:
    """Other rows, for which the summary vouches."""
    write_calibration(folder, whole())
    rows = change(pq.ParquetFile(folder / TABLE).read().to_pylist())
    table = pa.Table.from_pylist(rows, schema() if rows and "claim" in rows[0] else None)
    digest = write_table(folder / TABLE, table)
    summary = json.loads((folder / SUMMARY).read_text("utf8"))
    write_json(folder / SUMMARY, summary | {"sha256": digest, "n_rows": len(rows)})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda _: [{"other": 1}], r"other columns: other \(int64\)"),
        (lambda rows: rows[:6], "not the rows"),
        (lambda rows: [row for row in rows if row["effect"]], "not the rows"),
        (lambda rows: [*rows, {**rows[0], "claim": "c99"}], "no check of the summary is"),
        (lambda rows: [{**row, "errors": "odd"} for row in rows], "not the rows"),
        (lambda rows: [{**row, "draws": 0} for row in rows], "not the rows"),
        (lambda rows: [{**row, "refuted": None} for row in rows], "not the rows"),
        (lambda rows: [{**row, "supported": 7} for row in rows], "other figures"),
    ],
)
def test_rows_of_another_calibration_are_refused(tmp_path: Path, change, told: str):
    resealed(tmp_path, change)
    with pytest.raises(EvidenceError, match=told) as caught:
        read_calibration(tmp_path)
    assert caught.value.mend == "make calibrate"


def test_a_summary_that_was_edited_is_found_out(tmp_path: Path):
    write_calibration(tmp_path, whole())
    summary = json.loads((tmp_path / SUMMARY).read_text("utf8"))
    summary["claims"][0]["false_support"] = "0 of 5000 (0.00% to 0.07%)"
    write_json(tmp_path / SUMMARY, summary)
    with pytest.raises(EvidenceError, match="other figures"):
        read_calibration(tmp_path)


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path):
    digest = write_table(tmp_path / "t.parquet", pa.table({"a": [1]}))
    assert read_table(tmp_path / "t.parquet", digest, "again").to_pylist() == [{"a": 1}]
    (tmp_path / "t.parquet").write_text("no parquet")
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_table(tmp_path / "t.parquet", sha256_of(tmp_path / "t.parquet"), "again")
