"""The README's speed table: measured figures with their machine, and "not run" for the rest."""

import json
from pathlib import Path

import pytest

from repro.errors import ArtifactError
from repro.report.speed import speed_table

MACHINE = {"device": "CPU of a test, 2 threads, float32", "memory_gib": 23.4}


def test_what_was_not_measured_reads_not_run(tmp_path: Path) -> None:
    rows = speed_table(tmp_path).splitlines()[2:]
    assert rows
    assert all("| not run |" in row for row in rows)


def test_a_measured_figure_stands_beside_target_machine_and_date(tmp_path: Path) -> None:
    figures = {"wall_s": 1234.4, "peak_gib": 5.25}
    content = {"date": "2026-01-02", "machine": MACHINE, "figures": figures}
    (tmp_path / "laptop.json").write_text(json.dumps(content))
    rows = [row for row in speed_table(tmp_path).splitlines() if "not run" not in row][2:]
    assert rows == [
        "| `laptop` profile from nothing | 1234 s | ≤ 2,400 s "
        "| CPU of a test, 2 threads, float32, 23 GiB, 2026-01-02 |",
        "| … its peak memory | 5.2 GiB | ≤ 8 GiB "
        "| CPU of a test, 2 threads, float32, 23 GiB, 2026-01-02 |",
    ]


def test_a_figure_that_a_run_did_not_take_reads_not_run(tmp_path: Path) -> None:
    content = {"date": "2026-01-02", "machine": MACHINE, "figures": {"wall_s": 1234.4}}
    (tmp_path / "laptop.json").write_text(json.dumps(content))
    rows = speed_table(tmp_path)
    assert "| `laptop` profile from nothing | 1234 s |" in rows
    assert "| … its peak memory | not run | ≤ 8 GiB | |" in rows


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"date": 1}'])
def test_a_file_that_is_no_measurement_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "smoke.json").write_text(content)
    with pytest.raises(ArtifactError, match=r"smoke\.json is no measurement"):
        speed_table(tmp_path)
