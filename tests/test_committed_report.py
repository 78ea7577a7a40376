"""What is committed is what the committed evidence gives: verdicts, pages, README, baseline."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from repro.contract.evidence import read_evidence
from repro.contract.verdict_file import read_verdicts
from repro.judge.gate import gate
from repro.judge.verify import verify
from repro.report import write_report
from repro.report.figures.curves import select
from repro.report.figures.interpretability import rates
from repro.report.readme import app
from repro.spec import load_claims, spec_sha256

ROOT = Path(__file__).resolve().parent.parent
LAPTOP = ROOT / "reports" / "laptop"


def checked(page: Path, *words: str | Path) -> Result:
    """Whether the tables in a page are those of the committed files."""
    given = ["--verdicts", LAPTOP / "verdicts.json", *words, "--readme", page, "--check"]
    return CliRunner().invoke(app, [*map(str, given)])


def test_judging_the_committed_evidence_again_gives_the_committed_verdicts():
    """To nine digits: another processor adds in another order and may differ in the last bits."""
    again = verify(LAPTOP / "evidence", ROOT / "claims", "laptop").verdicts
    committed = read_verdicts(LAPTOP / "verdicts.json").verdicts
    numbers = {"estimate", "low", "high"}
    for one, other in zip(again, committed, strict=True):
        assert one.model_dump(exclude=numbers) == other.model_dump(exclude=numbers)
        for name in numbers:
            found, kept = getattr(one, name), getattr(other, name)
            assert found == (None if kept is None else pytest.approx(kept, rel=1e-9, abs=1e-12))


@pytest.mark.slow
def test_the_committed_pages_are_those_of_the_committed_verdicts(tmp_path: Path):
    write_report(
        LAPTOP / "verdicts.json", tmp_path, LAPTOP / "evidence", ROOT / "claims", ROOT / "reports"
    )
    assert (tmp_path / "claims.md").read_bytes() == (LAPTOP / "claims.md").read_bytes()
    drawn, kept = ({f.name for f in (d / "figures").iterdir()} for d in (tmp_path, LAPTOP))
    assert drawn == kept


def test_the_committed_verdicts_hold_the_committed_baseline():
    found = gate(read_verdicts(LAPTOP / "baseline.json"), read_verdicts(LAPTOP / "verdicts.json"))
    assert found.exit_code == 0, found.markdown()


@pytest.mark.parametrize("profile", ["laptop", "smoke"])
def test_a_committed_baseline_judges_the_claims_as_they_are(profile: str):
    baseline = read_verdicts(ROOT / "reports" / profile / "baseline.json")
    judged = {verdict.id: verdict.spec_sha256 for verdict in baseline.verdicts}
    assert judged == {claim.id: spec_sha256(claim) for claim in load_claims(ROOT / "claims")}


def test_the_pages_quote_the_committed_verdicts_measurements_proofs_and_the_run_before():
    files = ("--bench", ROOT / "reports/bench", "--proofs", ROOT / "reports")
    before = ("--before", ROOT / "reports/history/laptop-2026-11-24.json")
    pages = [word for name in ("amendments", "proofs", "speed")
             for word in ("--readme", ROOT / "docs" / f"{name}.md")]  # fmt: skip
    found = checked(ROOT / "README.md", *files, *before, *pages)
    assert found.exit_code == 0, found.output


def test_the_readme_is_read_in_one_sitting():
    assert len((ROOT / "README.md").read_text("utf8").splitlines()) <= 150


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=str
)
def test_what_a_page_links_to_is_there(page: Path):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_an_old_readme_would_be_found(tmp_path: Path):
    old = tmp_path / "README.md"
    old.write_text((ROOT / "README.md").read_text("utf8").replace("| c15 |", "| c99 |"), "utf8")
    found = checked(old)
    assert found.exit_code == 1
    assert "out of date" in found.output


def test_the_area_under_each_committed_roc_is_the_score_that_the_claims_ask_for():
    """The claims count pairs within a group of features, the figure all of them."""
    planted, scorers = (
        read_evidence(LAPTOP / "evidence", name) for name in ("planted_units", "scorers")
    )
    for scorer, n in product(sorted({*scorers.columns["scorer"].tolist()}), range(2, 6)):
        there = select(planted, scorer=scorer, is_scored=1)
        pure, mixed = (select(there, n_meanings=m).columns["score"] for m in (1, n))
        false, true = rates(pure, mixed)
        counted = select(scorers, scorer=scorer, n_meanings=n).columns
        of_groups = counted["n_ordered"].sum() / counted["n_pairs"].sum()
        assert np.trapezoid(true, false) == pytest.approx(of_groups, abs=0.03)


def test_what_is_committed_is_small():
    """Most of it are the tables from which verdicts are made again, and figures of each claim."""
    files = [path for path in (ROOT / "reports").rglob("*") if path.is_file()]
    kept = [path for path in files if "smoke" not in path.parts or path.name == "baseline.json"]
    assert sum(path.stat().st_size for path in kept) <= 8 * 2**20
