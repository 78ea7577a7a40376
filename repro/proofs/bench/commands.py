"""Whole commands from outside: wall time, and the peak memory of the process tree."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_CALLS = {"run": "repro.maker", "verify": "repro.cli", "report": "repro.cli"}
"""Commands of the stages, and the module after which each stands."""


def timed(command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> Any:
    """Wall seconds and the largest summed resident memory of a command and its children.

    Of each stage of the pipeline that runs below it as well: `ioi_s` and `ioi_peak_gib`.

    Raises:
        RuntimeError: the command failed; the message ends with what it said.
    """
    began, peak = time.perf_counter(), 0
    stages: dict[str, _Seen] = {}
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=said, stderr=said)
        tree = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _resident(tree))
            now = time.perf_counter()
            for name, stage in _stages(tree):
                stages.setdefault(name, _Seen(now)).add(now, _resident(stage))
            time.sleep(0.05 if now - began < 5 else 0.5)
        said.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{said.read()[-2000:]}")
    found = {"wall_s": time.perf_counter() - began, "peak_gib": peak / 2**30}
    for name, seen in stages.items():
        found |= {f"{name}_s": seen.last - seen.first, f"{name}_peak_gib": seen.peak / 2**30}
    return found


@dataclass
class _Seen:
    """When a stage was seen first and last, and its largest memory."""

    first: float
    last: float = 0.0
    peak: int = 0

    def add(self, now: float, resident: int) -> None:
        self.last, self.peak = now, max(self.peak, resident)


def _stages(process: psutil.Process) -> list[tuple[str, psutil.Process]]:
    """The stages that run now below a process; the shell around one has it in no word alone."""
    found = []
    for member in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            words = member.cmdline()
            found += [(name, member) for name in _stage_in(words)]
    return found


def _stage_in(words: list[str]) -> list[str]:
    """The stage that a command line calls, if it calls one."""
    for module, command, *rest in (words[i:] for i in range(len(words) - 1)):
        if _CALLS.get(command) == module:
            return rest[:1] if command == "run" else [command]
    return []


def _resident(process: psutil.Process) -> int:
    total = 0
    with suppress(psutil.NoSuchProcess):
        for member in (process, *process.children(recursive=True)):
            total += member.memory_info().rss
    return total


def judge(evidence: Path, verdicts: Path) -> dict[str, Any]:
    """Best of five of the commands that must feel immediate."""
    with tempfile.TemporaryDirectory() as folder:
        repro = [sys.executable, "-m", "repro.cli"]
        commands = {
            "help": [*repro, "--help"],
            "verify": [*repro, "verify", "--evidence", str(evidence), "--out", f"{folder}/v.json"],
            "report": [*repro, "report", "--verdicts", str(verdicts), "--out", folder],
        }
        return {
            f"{name}_s": min(timed(command)["wall_s"] for _ in range(5))
            for name, command in commands.items()
        }


def suite(checkout: Path) -> dict[str, Any]:
    """`make test` in a fresh clone, timed after set-up: a smoke run made before would be reused."""
    with _cloned(checkout) as clone:
        subprocess.run(["make", "--quiet", ".venv/.ready"], cwd=clone, check=True)
        whole = timed(["make", "test"], cwd=clone)
    # Many small pipelines run side by side there: spans of stages would mean nothing.
    return {name: whole[name] for name in ("wall_s", "peak_gib")}


def profile(name: str, checkout: Path) -> dict[str, Any]:
    """One run of a profile from nothing: a fresh clone, no artifacts, an empty DVC cache."""
    with _cloned(checkout) as clone:
        for lock in clone.rglob("dvc.lock"):
            lock.unlink()
        command = [sys.executable, "-m", "repro.cli", "run", "--profile", name]
        return timed(command, cwd=clone, env={**os.environ, "PYTHONPATH": str(clone)})


@contextmanager
def _cloned(checkout: Path) -> Generator[Path]:
    """What is committed, in a folder of its own that goes away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(checkout), str(clone)], check=True)
        yield clone
