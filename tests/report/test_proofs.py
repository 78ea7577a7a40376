"""What was proved of the checks stands on the page, counted from files and never typed."""

from pathlib import Path

import pytest

from repro.contract.proofs.coverage import COVERAGE, read_coverage
from repro.contract.proofs.multiverse import Found, Multiverse, ReadingResult, write_multiverse
from repro.contract.proofs.mutants import (
    ModuleScore,
    MutmutReport,
    SeededMutant,
    SeededMutants,
    write_report,
)
from repro.contract.proofs.tallies import SUMMARY, TABLE, read_calibration
from repro.contract.verdict import SaboteurCount, Status
from repro.errors import ReproError
from repro.files import write_json
from repro.report.html import html
from repro.report.markdown import markdown
from repro.report.proofs import NOTHING_PROVED, Proofs, errs, holds, read_proofs, told_proofs
from repro.report.view import page
from tests.import_graph import ROOT
from tests.report.verdicts import plausible_verdicts

COMMITTED = ROOT / "reports" / "calibration"


def bug(killed: bool) -> SeededMutant:
    return SeededMutant(
        bug_class="wrong axis",
        file="repro/maker/dictionaries/loss.py",
        summary="sums where it averages",
        met_in="elsewhere",
        killed=killed,
        killed_by=["test_a"] if killed else [],
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """All four files: two bugs of which one is noticed, and three readings."""
    write_report(
        tmp_path / "mutants" / "seeded.json",
        SeededMutants(
            date="2026-01-02", python="3.11", torch="2", machine="m", properties=7,
            mutants=[bug(True), bug(False)],
        ),
    )  # fmt: skip
    score = ModuleScore(
        module="repro.judge.stats", killed=90, survived=10, timeout=0, not_covered=0, not_run=5
    )
    write_report(
        tmp_path / "mutants" / "mutmut.json",
        MutmutReport(date="2026-01-02", python="3.11", mutmut="3", modules=[score], survivors=[]),
    )
    found = [Found(status=s, estimate=None, reason="") for s in (Status.REFUTED, Status.SUPPORTED)]
    rows = [
        ReadingResult(name="r0", answers={}, claims={"c15": found[0]}),
        ReadingResult(name="r1", answers={"bos": False}, claims={"c15": found[0]}),
        ReadingResult(name="r2", answers={"tying": False}, claims={"c15": found[1]}),
    ]
    write_multiverse(
        tmp_path / "multiverse" / "multiverse.json",
        Multiverse(date="2026-01-02", machine="m", profile="smoke", readings=rows),
    )
    (tmp_path / "calibration").mkdir()
    for name in (SUMMARY, TABLE):
        (tmp_path / "calibration" / name).write_bytes((COMMITTED / name).read_bytes())
    return tmp_path


def test_counts_come_from_the_files(folder: Path):
    lines = told_proofs(read_proofs(folder), [SaboteurCount(caught=3, total=4)])
    assert lines[0] == "3 of 4 saboteurs of the judged claims were caught."
    assert lines[1] == "7 properties are tested on drawn examples."
    assert lines[2].startswith("1 of 2 bugs that have hit the field")
    assert lines[3].startswith("90 % of 100 small changes")
    assert "5 have not been tried" in lines[3]
    assert "exceeds" in lines[4]


def test_coverage_is_told_with_its_worst_tail_and_what_five_seeds_buy():
    found = read_coverage(ROOT / "reports" / COVERAGE)
    (line,) = told_proofs(Proofs(coverage=found), [])[1:]
    normal = [one.covers for one in found.of("normal", 3)]
    assert f"in {100 * min(normal):.1f} to {100 * max(normal):.1f} % of 20,000 draws" in line
    worst = max(max(one.below, one.above) for one in found.worlds if one.seeds == 3)
    assert f"the worst tail is {100 * worst:.0f} % where 2.5 % is stated" in line
    assert "Five seeds" in line


def test_a_verdict_is_counted_over_the_readings(folder: Path):
    told = holds(read_proofs(folder), "c15", Status.SUPPORTED)
    assert "at the sizes of the profile smoke, it came to 2 refuted, 1 supported." in told
    assert "The verdict above, supported, holds in 1 of 3" in told
    assert "that of the profile's own reading, refuted, in 2." in told
    assert holds(read_proofs(folder), "c22", Status.REFUTED) == ""


def test_the_rates_of_a_claim_are_those_of_its_calibration(folder: Path):
    found = read_calibration(COMMITTED).of("c15")
    assert found is not None
    told = errs(read_proofs(folder), "c15")
    assert f"of {found.draws:,} draws" in told
    assert "stated 2.5 %" in told
    assert errs(read_proofs(folder), "c99") == ""


def test_the_page_shows_them_in_both_forms(folder: Path):
    view = page(plausible_verdicts(None), proofs=read_proofs(folder))
    for shown in (html(view), markdown(view)):
        assert "Can these checks fail?" in shown
        assert "1 of 2 bugs that have hit the field" in shown
        assert "readings of the paper" in shown
    assert "sums where it averages" in html(view)
    assert "not noticed" in html(view)


def test_what_is_not_there_is_not_spoken_of(tmp_path: Path):
    assert read_proofs(tmp_path) == read_proofs(None) == NOTHING_PROVED
    view = page(plausible_verdicts(None))
    assert "bugs that have hit the field" not in html(view)
    assert "Other readings" not in html(view)


@pytest.mark.parametrize(
    "file",
    ["calibration/summary.json", "multiverse/multiverse.json", "mutants/seeded.json",
     "mutants/mutmut.json"],
)  # fmt: skip
def test_a_malformed_file_is_named_with_what_makes_it_again(folder: Path, file: str):
    write_json(folder / file, {"what": "is this"})
    with pytest.raises(ReproError, match=Path(file).name) as caught:
        read_proofs(folder)
    assert caught.value.mend.startswith("make ")


@pytest.mark.parametrize("name", [SUMMARY, TABLE])
def test_half_a_calibration_is_a_mistake(folder: Path, name: str):
    (folder / "calibration" / name).unlink()
    with pytest.raises(ReproError, match=f"{name} is missing"):
        read_proofs(folder)
