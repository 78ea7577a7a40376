"""Plant each bug in a copy of the project and see whether the tests named for it fail."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from repro.errors import ReproError
from tests.import_graph import ROOT
from tests.proofs.mutants.catalogue import Mutant
from tests.proofs.mutants.witness import ASKED

NEEDED = (
    *("repro", "claims", "tests", "profiles"),
    *("pyproject.toml", "params.yaml", "dvc.yaml", "Makefile"),
)
"""What the killers read, from the root of the project."""


class NotUsable(ReproError):
    """The tests cannot tell a planted bug: they fail without one, or do not run."""


@dataclass(frozen=True)
class Ran:
    """How a run of some tests ended."""

    passed: bool
    asserted: tuple[str, ...]
    errors: tuple[str, ...]
    output: str


def applied(mutant: Mutant, root: Path) -> str:
    """The text of the mutant's file with the bug in it.

    Raises:
        NotUsable: the text to be replaced is not there just once.
    """
    text = (root / mutant.file).read_text(encoding="utf8")
    if text.count(mutant.old) != 1:
        raise NotUsable(
            f"{mutant.bug_class}: {mutant.file} holds its text {text.count(mutant.old)} times",
            expected="once, so that the bug has one place",
            mend="write into tests/proofs/mutants/catalogue.py what the code is now",
        )
    return text.replace(mutant.old, mutant.new)


def plant_all(catalogue: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, Ran]]:
    """Run the killers without any bug, then those of each mutant with it, in order.

    Raises:
        NotUsable: a test named in the catalogue does not pass on the untouched project.
    """
    killers = tuple(dict.fromkeys(name for mutant in catalogue for name in mutant.killers))
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        honest = run_tests(Path(folder), killers)
    if not honest.passed:
        raise NotUsable(
            f"the tests fail without any bug:\n{honest.output[-3000:]}",
            expected="tests that pass on the code as it is",
            mend="make test, and mend what fails",
        )
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(catalogue, pool.map(_plant, catalogue), strict=True)


def _plant(mutant: Mutant) -> Ran:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        copy_project(root)
        (root / mutant.file).write_text(applied(mutant, root), encoding="utf8")
        return run_tests(root, mutant.killers)


def copy_project(target: Path) -> None:
    """Copy what the tests need, without leftovers of earlier runs."""
    leave = shutil.ignore_patterns("__pycache__", ".scratch", "artifacts", ".dvc")
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=leave)
        else:
            shutil.copy2(source, target / name)


def run_tests(root: Path, names: Sequence[str]) -> Ran:
    """Run tests of a copy in a process of its own, up to the first failure."""
    told = root / "witness.jsonl"
    told.touch()
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        ASKED: str(told),
    }
    command = [sys.executable, "-m", "pytest", "-x", "-p", "tests.proofs.mutants.witness", *names]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    found = [json.loads(line) for line in told.read_text(encoding="utf8").splitlines()]
    return Ran(
        passed=done.returncode == 0,
        asserted=tuple(one["name"] for one in found if one["kind"] == "assertion"),
        errors=tuple(one["name"] for one in found if one["kind"] == "error"),
        output=done.stdout + done.stderr,
    )
