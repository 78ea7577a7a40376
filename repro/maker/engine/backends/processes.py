"""A pool of processes on this machine."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from repro.maker.engine.task import Item


def processes(tasks: Sequence[Item], workers: int) -> Iterator[None]:
    """Run the tasks in processes that start from nothing, so that no state is inherited."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(task.run) for task in tasks]
        for future in as_completed(futures):
            yield future.result()
