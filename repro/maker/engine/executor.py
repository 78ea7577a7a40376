"""Independent items of work with content-addressed results, behind one small `map`.

A job is a frozen description; its key is the SHA-256 of that description, of the function's name
and of the code that its module reaches. A result is a folder named by the key, written beside its
place and renamed into it, so a crash leaves finished items whole and the rest absent.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from repro.maker.engine.backends.inline import inline
from repro.maker.engine.backends.processes import processes
from repro.maker.engine.code import code_of
from repro.maker.engine.job import Job
from repro.maker.engine.progress import shown
from repro.maker.engine.provenance import key_of
from repro.maker.engine.task import Backend, Item
from repro.maker.params.executor import Executor

J = TypeVar("J", bound=Job)
Work = Callable[[J, Path], None]
"""Computes one job into an empty folder; must be a module-level function, so that it pickles."""

BACKENDS: Mapping[str, Backend] = {"inline": inline, "processes": processes}


def address_of(job: J, work: Work[J]) -> str:
    """Content address of a job's result."""
    name = f"{work.__module__}.{work.__qualname__}"
    told = {"item": job.model_dump(mode="json"), "work": name, "code": code_of(work.__module__)}
    return key_of(told)[:24]


def map_items(
    work: Work[J], jobs: Sequence[J], how: Executor, scratch: Path, *, desc: str
) -> list[Path]:
    """Result folders of all jobs, in their order; those already there are not made again."""
    results = [scratch / address_of(job, work) for job in jobs]
    # By result, so that two jobs that say the same are one piece of work.
    todo = {result: job for job, result in zip(jobs, results, strict=True) if not result.exists()}
    tasks = [Item(work, job, result, how.threads) for result, job in todo.items()]
    for _ in shown(BACKENDS[how.kind](tasks, how.workers), what=desc, total=len(tasks)):
        pass
    return results
