"""The smoke profile for real: the embedded language model, from the wheels to the gate."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from repro.contract.evidence import read_evidence
from repro.contract.verdict import Status, Verdict
from repro.contract.verdict_file import read_verdicts
from repro.contract.vocabulary import made
from tests.import_graph import ROOT

pytestmark = pytest.mark.slow

DECIDED = (
    *(
        "c01",
        "c02",
        "c03",
        "c04",
        "c06",
        "c07",
        "c08",
        "c09",
        "c10",
        "c11",
        "c12",
        "c13",
        "c14",
        "c15",
        "c16",
        "c17",
        "c18",
        "c19",
        "c20",
        "c21",
    ),
    *("c22", "c23", "c25", "k02", "k03", "k04", "k06"),
)
REPORTS = ROOT / "reports" / "smoke"
TURNED = {Status.SUPPORTED: Status.REFUTED, Status.REFUTED: Status.SUPPORTED}


def repro(*words: object) -> subprocess.CompletedProcess[str]:
    """A command as a user gives it, with the network that a user has."""
    hidden = {"HF_HUB_OFFLINE"}
    command = [sys.executable, "-c", "from repro.cli import app; app()", *map(str, words)]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in hidden},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def finished() -> Path:
    """The evidence, verdicts and report of a run that has ended well."""
    done = repro("run", "--profile", "smoke")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    return REPORTS


@pytest.fixture(scope="module")
def by_id(finished: Path) -> dict[str, Verdict]:
    return {verdict.id: verdict for verdict in read_verdicts(finished / "verdicts.json").verdicts}


def test_every_table_is_valid_and_says_what_it_speaks_of(finished: Path):
    for name in made():
        header = read_evidence(finished / "evidence", name).header
        assert header.provenance["profile"] == "smoke"
        assert (header.scope is None) == (name == "toy"), "the toy speaks of no language model"
        if header.scope is not None:
            assert header.scope.model == "SmolLM2-135M-Instruct (Q4_1, de-quantised)"
            assert not header.scope.is_paper_setting


def test_the_file_of_verdicts_follows_the_contract(finished: Path):
    content = json.loads((finished / "verdicts.json").read_text(encoding="utf8"))
    assert content.keys() == {"schema", "profile", "scope", "verdicts"}
    assert (content["schema"], content["profile"]) == (2, "smoke")
    assert len(content["verdicts"]) == len(list((ROOT / "claims").glob("[!_]*.py")))
    for verdict in content["verdicts"]:
        assert verdict.keys() == set(Verdict.model_fields)


def test_every_claim_whose_evidence_is_made_is_judged(by_id: dict[str, Verdict]):
    for claim in DECIDED:
        verdict = by_id[claim]
        assert verdict.status not in (Status.ABSENT, Status.BROKEN), verdict.reason
        assert verdict.reason
        assert verdict.evidence
        assert verdict.controls
    others = [verdict for claim, verdict in by_id.items() if claim not in DECIDED]
    assert {verdict.status for verdict in others} == {Status.ABSENT}


def test_a_decided_verdict_has_an_interval_and_was_attacked(by_id: dict[str, Verdict]):
    for verdict in by_id.values():
        if verdict.status in TURNED:
            assert verdict.low is not None
            assert verdict.estimate is not None
            assert verdict.high is not None
            assert verdict.low <= verdict.estimate <= verdict.high
            assert verdict.saboteurs.total >= 3, verdict.id
            assert all(control.ok for control in verdict.controls)


def test_an_identity_in_the_language_model_changes_nothing(finished: Path):
    columns = read_evidence(finished / "evidence", "spliced").columns
    same = columns["method"] == "identity"
    assert same.any()
    assert (columns["loss_spliced"][same] == columns["loss_clean"][same]).all()


def test_the_report_is_there(finished: Path):
    assert "c14" in (finished / "claims.md").read_text(encoding="utf8")
    assert "</html>" in (finished / "claims.html").read_text(encoding="utf8")
    assert list((finished / "figures").glob("*.svg"))


def test_a_second_run_has_nothing_to_do(finished: Path):
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()}
    done = repro("run", "--profile", "smoke")
    assert done.returncode == 0
    assert "nothing to do: everything is up to date" in done.stdout
    assert "Running stage" not in done.stdout
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_the_committed_baseline_can_be_compared_with_this_run(finished: Path):
    """Another processor may move a number; what cannot be compared is a baseline out of date."""
    done = repro(
        "gate", "--baseline", REPORTS / "baseline.json", "--verdicts", finished / "verdicts.json"
    )
    assert done.returncode in (0, 1), done.stdout
    assert "| cannot judge |" not in done.stdout


def test_the_gate_holds_against_itself_and_falls_on_a_flipped_claim(finished: Path, tmp_path: Path):
    verdicts = finished / "verdicts.json"
    done = repro("gate", "--baseline", verdicts, "--verdicts", verdicts)
    assert done.returncode == 0, done.stdout
    content = json.loads(verdicts.read_text(encoding="utf8"))
    sound = [v for v in content["verdicts"] if all(one["ok"] for one in v["controls"])]
    decided = next(v for v in sound if v["status"] in TURNED)
    decided["status"] = TURNED[decided["status"]]
    del content["scope"]["details"][decided["id"]]  # which would contradict it
    flipped = tmp_path / "flipped.json"
    flipped.write_text(json.dumps(content), encoding="utf8")
    done = repro("gate", "--baseline", verdicts, "--verdicts", flipped)
    assert done.returncode == 1, done.stdout
    assert f"| {decided['id']} | regressed |" in done.stdout
