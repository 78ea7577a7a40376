"""`make` offers what the README and CI call, and its commands name things that exist."""

import re
import subprocess

import pytest

from tests.import_graph import ROOT, module_file

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf8")


def planned(target: str, *settings: str) -> str:
    """The commands that a target would run."""
    command = ["make", "--dry-run", "--always-make", "--no-print-directory", target, *settings]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "target",
    [
        "help", "repro", "test", "check", "fuzz", "bench", "calibrate", "multiverse", "mutants",
        "mutmut", "clean",
    ],
)  # fmt: skip
def test_every_target_can_be_planned_and_names_existing_modules(target: str):
    commands = planned(target)
    assert commands
    for name in re.findall(r"-m ((?:repro|tests)[\w.]*)", commands):
        assert module_file(name), name


def test_help_lists_every_target_of_use():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    targets = set(re.findall(r"^(\w+):", MAKEFILE, flags=re.M)) - {
        "help",
        "clean",
        "types",
        "quick",
    }
    assert {f"make {target}" for target in targets} <= set(re.findall(r"make \w+", shown.stdout))


def test_the_main_job_sets_everything_up_first():
    commands = planned("repro")
    assert commands.index("pip install") < commands.index("repro run")


def test_the_quick_check_leaves_the_slow_tests_out():
    assert "pytest -m 'not slow and not browser and not property'" in planned("check")
    assert "not slow" not in planned("test")


def test_fuzzing_runs_every_property_for_as_long_as_is_asked():
    assert "HYPOTHESIS_PROFILE=fuzz FUZZ_EXAMPLES=500 " in planned("fuzz")
    assert "FUZZ_EXAMPLES=7 " in planned("fuzz", "EXAMPLES=7")
    assert "pytest -m property" in planned("fuzz")
