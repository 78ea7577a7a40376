"""Intervals of known truth are counted right, and tell few skewed units from many normal ones."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from repro.contract.proofs.coverage import COVERAGE, Covered, Shape, read_coverage
from repro.errors import VerdictError
from repro.proofs import coverage
from repro.proofs.coverage import LAYOUTS, covered
from tests.import_graph import ROOT

ALONE = LAYOUTS[-1]


def world(shape: Shape, seeds: int, confidence: float = 0.95) -> Covered:
    return covered(ALONE, shape, seeds, draws=2000, seed=1, confidence=confidence)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_normal_units_are_covered_as_stated(confidence: float):
    """Student's t of three units is exact; four standard errors of 2,000 draws."""
    found = world("normal", 3, confidence)
    assert found.covers == pytest.approx(confidence, abs=4 * (0.2 * 0.8 / 2000) ** 0.5)
    assert found.below == pytest.approx(found.above, abs=0.03)


def test_skewed_units_are_covered_less_and_missed_on_one_side():
    found = world("skewed", 3)
    assert found.covers < 0.88
    assert found.below > 10 * found.above


def test_more_seeds_make_it_narrower():
    assert world("normal", 5).half_width < 0.7 * world("normal", 3).half_width


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: one.name)
def test_every_layout_is_covered_at_least_as_stated_with_normal_errors(layout):
    found = covered(layout, "normal", 3, draws=1000, seed=2, confidence=0.95)
    assert found.covers > 0.95 - 4 * (0.05 * 0.95 / 1000) ** 0.5
    assert found.covers + found.below + found.above == pytest.approx(1.0)


def test_the_command_writes_what_is_read(tmp_path: Path):
    out = tmp_path / "coverage.json"
    told = CliRunner().invoke(coverage.app, ["--out", str(out), "--draws", "100"])
    assert told.exit_code == 0, told.output
    assert len(read_coverage(out).worlds) == 4 * 3 * 3
    assert "seeds alone, skewed, 3 seeds" in told.output


def test_a_broken_file_says_what_to_type(tmp_path: Path):
    path = tmp_path / "coverage.json"
    path.write_text("{}")
    with pytest.raises(VerdictError, match="make coverage"):
        read_coverage(path)


def test_the_committed_counts_are_of_many_draws():
    assert read_coverage(ROOT / "reports" / COVERAGE).draws >= 20_000
