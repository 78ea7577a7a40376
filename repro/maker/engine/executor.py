"""Independent items of work with content-addressed results, behind one small `map`.

A job is a frozen description; its key is the SHA-256 of that description, of the function's name
and of the code that its module reaches. A result is a folder named by the key, written beside its
place and renamed into it, so a crash leaves finished items whole and the rest absent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from repro.maker.engine.backends.inline import inline
from repro.maker.engine.backends.processes import processes
from repro.maker.engine.code import code_of
from repro.maker.engine.job import Job
from repro.maker.engine.progress import shown
from repro.maker.engine.provenance import key_of
from repro.maker.engine.task import Backend, Item, Run
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


class Crew:
    """The workers of a stage, its scratch folder, and one way to give them work."""

    def __init__(self, run: Run, threads: int, scratch: Path) -> None:
        self._run, self._threads, self._scratch = run, threads, scratch

    def map(self, work: Work[J], jobs: Sequence[J], *, desc: str) -> list[Path]:
        """Result folders of all jobs, in their order; those already there are not made again."""
        results = [self._scratch / address_of(job, work) for job in jobs]
        # By result, so that two jobs that say the same are one piece of work.
        named = zip(jobs, results, strict=True)
        todo = {result: job for job, result in named if not result.exists()}
        tasks = [Item(work, job, result, self._threads) for result, job in todo.items()]
        for _ in shown(self._run(tasks), what=desc, total=len(tasks)):
            pass
        return results


@contextmanager
def crew(how: Executor, scratch: Path) -> Iterator[Crew]:
    """Workers that start once, with the first work that is not yet done, and end with the block."""
    with BACKENDS[how.kind](how.workers) as run:
        yield Crew(run, how.threads, scratch)
