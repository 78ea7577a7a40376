"""The command line as a user meets it: in its own process, by its exit code and its words."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from repro.contract.verdict import Status
from repro.contract.verdict_file import read_verdicts, write_verdicts
from tests.planted_evidence import TRUE, World, write_world

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[1]
MAIN = "from repro.cli import app; app(prog_name='repro')"


def start(*words, cwd, **options):
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", MAIN, *map(str, words)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A job that a shell runs in the background ignores Ctrl-C, and so would its children.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        **options,
    )


@pytest.fixture
def repro(tmp_path):
    def call(*words):
        process = start(*words, cwd=tmp_path)
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in out + err, err
        return process.returncode, out, err

    return call


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence")
    write_world(folder, TRUE, profile="smoke")
    return folder


@pytest.fixture(scope="module")
def verdicts(evidence, tmp_path_factory):
    out = tmp_path_factory.mktemp("verdicts") / "verdicts.json"
    process = start("verify", "--evidence", evidence, "--out", out, cwd=out.parent)
    process.communicate(timeout=60)
    assert process.returncode == 0
    return out


def test_help_is_there_in_half_a_second(tmp_path):
    def seconds():
        began = time.perf_counter()
        process = start("--help", cwd=tmp_path)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert all(f" {word} " in out for word in ("list", "show", "run", "verify", "gate"))
        return time.perf_counter() - began

    assert min(seconds() for _ in range(3)) < 0.5


def test_help_imports_neither_numbers_nor_models():
    script = (
        "import sys, atexit; atexit.register(lambda: print([m for m in "
        "('numpy', 'torch', 'pydantic', 'pyarrow', 'matplotlib') if m in sys.modules]));"
        "from repro.cli import app; app(['--help'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert result.stdout.rstrip().endswith("[]")


def test_list_has_a_line_a_claim_and_json_the_whole_of_each(repro):
    code, out, _ = repro("list")
    assert code == 0
    assert len(out.splitlines()) == 31
    assert out.splitlines()[13].startswith("c14  paper")
    code, out, _ = repro("list", "--json")
    assert code == 0
    assert {"check", "controls", "deviation", "id", "saboteurs"} <= json.loads(out)[0].keys()


def test_show_tells_what_a_claim_says_and_how_it_is_decided(repro):
    code, out, _ = repro("show", "c15")
    assert code == 0
    for word in ("c15: At an equal", "decided by: FVU", "control (negative)", "refuted by: "):
        assert word in out
    code, out, _ = repro("show", "c15", "--json")
    assert code == 0
    assert json.loads(out)["id"] == "c15"


def test_show_of_an_unknown_claim_lists_the_known_ones(repro):
    code, out, err = repro("show", "c99")
    assert (code, out) == (2, "")
    assert "there is no claim 'c99'" in err
    assert "c01, c02" in err


def test_verify_writes_verdicts_named_for_the_profile_of_the_evidence(verdicts):
    read = read_verdicts(verdicts)
    assert read.profile == "smoke"
    by_id = {one.id: one for one in read.verdicts}
    assert by_id["c14"].status == Status.SUPPORTED
    assert by_id["k05"].status == Status.ABSENT


def test_verify_exits_0_on_a_refuted_claim_and_prints_it(repro, tmp_path):
    write_world(tmp_path / "evidence", World(added_loss=0.001))
    code, out, _ = repro("verify", "--evidence", "evidence")
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("c21"))
    assert "refuted" in line
    assert "nats a token" in line


def test_verify_of_a_folder_that_is_not_there_says_what_to_type(repro):
    code, _, err = repro("verify", "--evidence", "nowhere")
    assert code == 2
    assert "nowhere is no folder of evidence" in err
    assert "to mend:" in err


def test_a_broken_claim_file_is_named_with_its_line(repro, tmp_path, evidence):
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "c01_x.py").write_text('"""Doc."""\n\nimport os\n')
    code, _, err = repro("verify", "--evidence", evidence)
    assert code == 2
    assert "c01_x.py:3" in err


@pytest.mark.parametrize("words", [(), ("verify",), ("nonsense",), ("gate", "--baseline", "x")])
def test_a_wrong_call_is_answered_with_usage(repro, words):
    code, out, err = repro(*words)
    assert code == 2
    assert "Usage: repro" in out + err


def test_gate_holds_regresses_and_cannot_judge_by_exit_code(repro, tmp_path, verdicts):
    code, out, _ = repro("gate", "--baseline", verdicts, "--verdicts", verdicts)
    assert code == 0
    assert out.startswith("## Gate: holds\n")
    assert "| c14 | holds | supported " in out
    accepted = read_verdicts(verdicts)

    def altered(status):
        change = {"status": status}
        if not status.is_measured:
            change |= {"estimate": None, "low": None, "high": None}
        changed = [
            one.model_copy(update=change) if one.id == "c14" else one for one in accepted.verdicts
        ]
        details = {id_: one for id_, one in accepted.scope.details.items() if id_ != "c14"}
        scope = accepted.scope.model_copy(update={"details": details})
        path = tmp_path / f"{status}.json"
        write_verdicts(path, accepted.model_copy(update={"verdicts": changed, "scope": scope}))
        return path

    refuted, broken = altered(Status.REFUTED), altered(Status.BROKEN)
    assert repro("gate", "--baseline", verdicts, "--verdicts", refuted)[0] == 1
    assert repro("gate", "--baseline", refuted, "--verdicts", verdicts)[0] == 1
    assert repro("gate", "--baseline", verdicts, "--verdicts", broken)[0] == 2


def test_gate_judges_the_evidence_again_and_refuses_what_says_otherwise(
    repro, tmp_path, verdicts, evidence
):
    both = ("gate", "--baseline", verdicts, "--verdicts", verdicts, "--evidence", evidence)
    assert repro(*both)[0] == 0
    assert repro("gate", "--baseline", verdicts, "--evidence", evidence)[0] == 0
    content = json.loads(verdicts.read_bytes())
    row = next(one for one in content["verdicts"] if one["id"] == "c15")
    part = content["scope"]["details"]["c15"]["parts"][0]
    for one in (row, part):
        one["low"], one["high"] = one["low"] - 1e-3, one["high"] + 1e-3
    (tmp_path / "edited.json").write_text(json.dumps(content))
    edited = ("--baseline", verdicts, "--verdicts", "edited.json")
    forged = ("--baseline", "edited.json", "--verdicts", "edited.json")
    assert repro("gate", *forged)[0] == 0, "at one with each other, so only the evidence can tell"
    assert repro("gate", *forged, "--evidence", evidence)[0] == 2
    code, _, err = repro("gate", *edited, "--evidence", evidence)
    assert code == 2
    assert "edited.json is not what" in err
    assert "c15: the lower end is" in err
    code, out, err = repro("gate", "--baseline", verdicts)
    assert code == 2
    assert "--evidence DIR" in out + err


def test_verify_has_a_second_judge_confirm_every_number(repro, evidence):
    code, out, _ = repro("verify", "--evidence", evidence, "--independent")
    assert code == 0
    assert "a second judge agrees on 31 claims and " in out


def test_gate_on_a_file_that_is_no_file_of_verdicts_cannot_judge(repro, tmp_path, verdicts):
    (tmp_path / "half.json").write_text(verdicts.read_text()[:-100])
    code, _, err = repro("gate", "--baseline", verdicts, "--verdicts", "half.json")
    assert code == 2
    assert "does not follow the contract" in err


def test_run_outside_a_checkout_uses_this_one_and_an_unknown_profile_is_named(repro):
    code, _, err = repro("run", "--profile", "huge")
    assert code == 2
    assert "error: " in err
    assert "to mend:" in err


def test_run_prints_where_the_report_is_and_then_that_nothing_is_left(repro, tmp_path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "dvc.yaml").write_text("stages:\n  a:\n    cmd: echo 1 > a\n    outs: [a]\n")
    code, out, _ = repro("run")
    assert code == 0
    assert out.splitlines()[-1].startswith("report: ")
    assert "nothing to do" not in out
    code, out, _ = repro("run")
    assert code == 0
    assert "nothing to do: everything is up to date" in out


def test_a_failing_stage_makes_run_exit_1_with_the_stages_own_words(repro, tmp_path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  a:\n    cmd: echo error, the milk is sour >&2; exit 2\n    outs: [a]\n"
    )
    code, out, err = repro("run")
    assert code == 1
    assert "error, the milk is sour" in err
    assert "report:" not in out


def test_ctrl_c_ends_a_run_with_130_and_one_line(tmp_path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  a:\n    cmd: touch begun && sleep 60\n    outs: [a]\n"
    )
    process = start("run", cwd=tmp_path)
    deadline = time.monotonic() + 30
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted: finished stages are kept" in err.splitlines()[-1]
    assert "Traceback" not in err


def test_ctrl_c_elsewhere_ends_with_130_and_one_line(tmp_path):
    os.mkfifo(tmp_path / "slow.json")
    process = start("gate", "--baseline", "slow.json", "--verdicts", "slow.json", cwd=tmp_path)
    with (tmp_path / "slow.json").open("w"):
        time.sleep(0.3)
        err = interrupted(process)
    assert process.returncode == 130
    assert err == "interrupted: what is finished is kept; the same command goes on\n"


def interrupted(process) -> str:
    """What it says to Ctrl-C, pressed again after 5 s: Python drops one that meets a destructor."""
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=5)[1]
    process.kill()
    return process.communicate()[1]


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    with start("list", "--json", cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
