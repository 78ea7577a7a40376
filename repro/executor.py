"""Independent items of work with content-addressed results, behind one small `map`.

An item is a JSON-able description; its key is the SHA-256 of that description, of the function's
name and of the maker's source code. A result is a folder named by the key, written beside its place
and renamed into it, so a crash leaves finished items whole and the rest absent. A third back-end
(Ray, Slurm) needs only another branch in `map_items`: items and results stay the same files.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from repro.errors import StageError
from repro.params import Executor
from repro.progress import progress

Item = Mapping[str, Any]
Work = Callable[[Item, Path], None]
"""Computes one item into an empty folder; must be a module-level function, so that it pickles."""


def key_of(item: Item, work: Work) -> str:
    """Content address of an item's result."""
    described = {"item": item, "work": f"{work.__module__}.{work.__qualname__}", "code": _code()}
    text = json.dumps(described, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def map_items(
    work: Work, items: Sequence[Item], how: Executor, scratch: Path, *, desc: str
) -> list[Path]:
    """Result folders of all items, in the order of the items; those already there are not redone.

    Each item runs with `how.threads` processor threads whatever the number of workers, so that its
    bytes do not depend on how the items are spread.
    """
    results = [scratch / key_of(item, work) for item in items]
    todo = [
        (item, result) for item, result in zip(items, results, strict=True) if not result.exists()
    ]
    with progress(total=len(items), desc=desc, unit="item", initial=len(items) - len(todo)) as bar:
        if how.kind == "inline":
            for item, result in todo:
                _run(work, item, result, how.threads)
                bar.update()
        else:
            pool = ProcessPoolExecutor(how.workers, mp_context=get_context("spawn"))
            with pool:
                futures = [pool.submit(_run, work, i, r, how.threads) for i, r in todo]
                for future in as_completed(futures):
                    future.result()
                    bar.update()
    return results


def _run(work: Work, item: Item, result: Path, threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    part = result.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    work(item, part)
    os.replace(part, result)


@contextmanager
def scratch_of(out: Path) -> Iterator[Path]:
    """The scratch folder beside a stage's output, for one run at a time.

    It survives a crash, which is how a killed stage goes on, and is removed when the stage ends
    well. It is not a declared output, because DVC deletes those before it runs a stage.

    Raises:
        StageError: another run holds it.
    """
    scratch = out.parent.parent / ".scratch" / out.name
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageError(
                f"another run is at work on {out}",
                expected="one run of a stage at a time",
                mend="wait for it to end, or stop it, then run the same command again",
            ) from None
        yield scratch
        shutil.rmtree(scratch)


def _code() -> str:
    """SHA-256 over the sources of the package, so that a changed formula is never served old."""
    digest = hashlib.sha256()
    package = Path(__file__).parent
    for path in sorted([*package.glob("*.py"), *package.glob("s*/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()
