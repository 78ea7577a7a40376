"""A pool of processes on this machine."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context

from repro.maker.engine.task import Item, Run


@contextmanager
def processes(workers: int) -> Iterator[Run]:
    """Processes that start from nothing, so that no state is inherited, with the first task."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:

        def run(tasks: Sequence[Item]) -> Iterator[None]:
            futures = [pool.submit(task.run) for task in tasks]
            for future in as_completed(futures):
                yield future.result()

        yield run
