"""The runner of the pipeline, on a real DVC project of two small stages."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repro import pipeline
from repro.errors import StageError

pytestmark = pytest.mark.slow

PIPELINE = """\
stages:
  first:
    desc: Copy the input.
    cmd: python first.py
    deps: [first.py, input.txt]
    outs: [first.txt]
  second:
    desc: Count what the first stage wrote.
    cmd: wc -c < first.txt > second.txt
    deps: [first.txt]
    outs: [second.txt]
"""
COPY = (
    "import pathlib\npathlib.Path('first.txt').write_text(pathlib.Path('input.txt').read_text())\n"
)
FAIL = "import sys\nsys.exit('error: input.txt is sour\\n  to mend:  sweeten it')\n"
STAGE_S = 60
WAIT = f"""\
import os, pathlib, time
pathlib.Path('pid').write_text(str(os.getpid()))
time.sleep({STAGE_S})
"""
RUN = """\
import sys, pathlib
from repro import pipeline
finished = pipeline.run('laptop', pathlib.Path.cwd(), print)
sys.exit(finished.exit_code)
"""


@pytest.fixture
def root(tmp_path):
    """A checkout without git, as an unpacked archive is."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "input.txt").write_text("sweet")
    (tmp_path / "first.py").write_text(COPY)
    return tmp_path


def start(root):
    """A run in another process, as a user starts it; returns once its stage is at work."""
    environment = {**os.environ, "PYTHONPATH": str(Path(pipeline.__file__).parent.parent)}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: (root / "pid").exists() and (root / "pid").read_text(), "the stage to start")
    return process, int((root / "pid").read_text())


def until(is_so, what):
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_run_makes_everything_and_a_second_run_has_nothing_to_do(root):
    lines = []
    finished = pipeline.run("laptop", root, lines.append)
    assert (finished.exit_code, finished.was_up_to_date) == (0, False)
    assert (root / "second.txt").read_text().strip() == "5"
    assert any("first" in line for line in lines)
    assert finished.report == root / "reports" / "laptop"
    assert finished.pages == root / "artifacts" / "pages"
    again = pipeline.run("laptop", root, lines.append)
    assert (again.exit_code, again.was_up_to_date) == (0, True)


def test_a_failing_stage_is_told_in_its_own_words(root, capfd):
    (root / "first.py").write_text(FAIL)
    finished = pipeline.run("laptop", root, print)
    shown = "".join(capfd.readouterr())
    assert (finished.exit_code, finished.was_up_to_date) == (1, False)
    assert "error: input.txt is sour" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_leaves_no_process_and_the_next_run_goes_on(root, signum, code):
    (root / "first.py").write_text(WAIT)
    process, stage = start(root)
    process.send_signal(signum)
    assert process.wait(timeout=30) == code
    assert not is_alive(stage)
    (root / "first.py").write_text(COPY)
    assert pipeline.run("laptop", root, print).exit_code == 0


def test_a_second_run_at_the_same_time_names_the_first(root):
    (root / "first.py").write_text(WAIT)
    process, _ = start(root)
    try:
        with pytest.raises(StageError, match=rf"another run \(pid {process.pid}\) is under way"):
            pipeline.run("laptop", root, print)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def test_a_lock_left_by_a_killed_run_does_not_block(root):
    (root / ".dvc" / "tmp").mkdir()
    (root / ".dvc" / "tmp" / "repro.lock").write_text("1")
    assert pipeline.run("laptop", root, print).exit_code == 0


def test_a_listener_that_fails_takes_the_run_down_with_it(root):
    (root / "first.py").write_text(WAIT)

    def fail(_line):
        until(lambda: (root / "pid").exists() and (root / "pid").read_text(), "the stage to start")
        raise BrokenPipeError

    began = time.monotonic()
    with pytest.raises(BrokenPipeError):
        pipeline.run("laptop", root, fail)
    assert time.monotonic() - began < STAGE_S / 2
    assert not is_alive(int((root / "pid").read_text()))


def test_profiles_are_folders_and_an_unknown_one_lists_them(root):
    folder = root / "profiles" / "smoke"
    folder.mkdir(parents=True)
    (folder / "dvc.yaml").write_text(
        "stages:\n  only:\n    cmd: echo small > only.txt\n    outs: [only.txt]\n"
    )
    assert pipeline.run("smoke", root, print).exit_code == 0
    assert (folder / "only.txt").read_text() == "small\n"
    assert not (root / "first.txt").exists()
    with pytest.raises(StageError, match="no profile 'big'") as caught:
        pipeline.run("big", root, print)
    assert caught.value.expected == "one of laptop, smoke"


def test_a_folder_without_a_pipeline_is_refused(tmp_path):
    with pytest.raises(StageError, match="not a checkout"):
        pipeline.run("laptop", tmp_path, print)
