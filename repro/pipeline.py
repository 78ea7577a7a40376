"""The pipeline's runner: DVC in its own process group, one run at a time, clean when stopped."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from repro.errors import StageError

LAPTOP = "laptop"
_UP_TO_DATE = "Data and pipelines are up to date."
_STOPPING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Finished:
    """How a run ended."""

    exit_code: int
    """0 done; 1 a stage failed and has said why; 130 or 143 stopped by SIGINT or SIGTERM."""
    was_up_to_date: bool
    """Whether there was nothing to do."""
    report: Path
    """Folder of the profile's report."""
    pages: Path
    """Folder of the same report with a page for each unit."""


def run(profile: str, root: Path, say: Callable[[str], None]) -> Finished:
    """Bring everything that a profile makes up to date; `say` gets each line of progress.

    Raises:
        StageError: no such profile, no checkout at `root`, or another run is under way there.
    """
    target = _pipeline_of(profile, root)
    environment = _environment(root)
    with _only_run(root):
        _allow_missing_git(root, environment)
        # Without --wait-for-lock a stage that has finished is thrown away when the lock is taken.
        command = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", str(target)]
        code, lines = _run_group(command, root, environment, say)
    return Finished(
        exit_code=code if code in (0, 130, 143) else 1,
        was_up_to_date=code == 0 and _UP_TO_DATE in lines,
        report=root / "reports" / profile,
        pages=(root / target).parent / "artifacts" / "pages",
    )


def _pipeline_of(profile: str, root: Path) -> Path:
    if not (root / ".dvc").is_dir() or not (root / "dvc.yaml").is_file():
        raise StageError(
            f"{root} is not a checkout with a pipeline",
            expected="a folder with dvc.yaml and .dvc",
            mend="cd into the checkout, then: repro run",
        )
    target = Path("dvc.yaml") if profile == LAPTOP else Path("profiles", profile, "dvc.yaml")
    if not (root / target).is_file():
        known = [LAPTOP, *sorted(path.parent.name for path in root.glob("profiles/*/dvc.yaml"))]
        raise StageError(
            f"there is no profile {profile!r}",
            expected=f"one of {', '.join(known)}",
            mend=f"repro run --profile {known[-1]}",
        )
    return target


def _environment(root: Path) -> dict[str, str]:
    """Stages run with this interpreter and in bash; DVC stays offline and inside the checkout."""
    here = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": os.pathsep.join([here, os.environ.get("PATH", os.defpath)]),
        "SHELL": "/bin/bash",
        "PYTHONUNBUFFERED": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_STUDIO_OFFLINE": "true",
        "DVC_SITE_CACHE_DIR": str(root.resolve() / ".dvc" / "tmp" / "site"),
    }


@contextmanager
def _only_run(root: Path) -> Iterator[None]:
    """Hold the checkout's run lock; the kernel gives it back however this process ends."""
    path = root / ".dvc" / "tmp" / "repro.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise StageError(
                f"another run (pid {holder}) is under way in {root}",
                expected="one run at a time in a checkout",
                mend=f"wait until it ends, or stop it with: kill {holder}",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _allow_missing_git(root: Path, environment: dict[str, str]) -> None:
    """DVC refuses to work outside a git repository unless told so, as in an unpacked archive."""
    if (root / ".git").exists():
        return
    command = [sys.executable, "-m", "dvc", "config", "--local", "core.no_scm", "true"]
    subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL)


def _run_group(
    command: list[str], root: Path, environment: dict[str, str], say: Callable[[str], None]
) -> tuple[int, list[str]]:
    """Run `command` in its own process group; its exit code (128 + signal if stopped) and lines.

    The output is read to its end, so this returns only when every process of the group that could
    still write is gone.
    """
    lines: list[str] = []
    with (
        _forwarded_signals() as (stopped_by, forward_to),
        subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            process_group=0,
        ) as process,
    ):
        forward_to(process.pid)
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip("\n"))
                say(lines[-1])
        except BaseException:
            _kill_group(process.pid, signal.SIGINT)
            raise
    return (128 + stopped_by[0] if stopped_by else process.returncode), lines


def _kill_group(pid: int, signum: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signum)


@contextmanager
def _forwarded_signals() -> Iterator[tuple[list[int], Callable[[int], None]]]:
    """Pass what would stop us on to a process group: the first time gently, then for good.

    Both signals are passed on as SIGINT: terminated, DVC leaves its lock file and a running stage
    behind; interrupted, it cleans up. Yields the signals seen so far and what names the group.
    """
    seen: list[int] = []
    group: list[int] = []

    def stop() -> None:
        for pid in group:
            _kill_group(pid, signal.SIGINT if len(seen) == 1 else signal.SIGKILL)

    def note(signum: int, _frame: FrameType | None) -> None:
        seen.append(signum)
        stop()

    def forward_to(pid: int) -> None:
        group.append(pid)
        if seen:
            stop()

    before = {signum: signal.signal(signum, note) for signum in _STOPPING}
    try:
        yield seen, forward_to
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
