"""A folder in which a killed stage finds its finished work, held by one run at a time."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repro.errors import StageError


@contextmanager
def scratch_folder(out: Path, key: str) -> Iterator[Path]:
    """A folder beside `out` that survives a kill and is removed once the block ends well.

    `key` names everything that the work depends on: work done under another key is thrown away.
    The lock is one per `out`, so two runs never write the same output.

    Raises:
        StageError: another run holds it.
    """
    root = out.parent / ".scratch"
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{out.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageError(
                f"another run is writing {out}",
                expected="one run of a stage at a time",
                mend="wait for the other run to end, or stop it, then run the same command again",
            ) from None
        folder = root / f"{out.name}-{key[:16]}"
        for stale in root.glob(f"{out.name}-*"):
            if stale != folder:
                shutil.rmtree(stale)
        folder.mkdir(exist_ok=True)
        yield folder
        shutil.rmtree(folder)


def put_files_in_place(made: Path, out: Path) -> None:
    """Let each file of `made` take the place of its namesake in `out`; other files stay.

    For tables that several stages put into one folder. Falling order of names puts `<name>.parquet`
    before `<name>.json`, the header that vouches for it.
    """
    out.mkdir(parents=True, exist_ok=True)
    for file in sorted(made.iterdir(), reverse=True):
        file.replace(out / file.name)


def put_in_place(made: Path, out: Path) -> None:
    """Let the finished folder `made` take the place of `out`, whatever `out` held before."""
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    made.replace(out)
