"""One task after the other, in this process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from repro.maker.engine.task import Item, Run


@contextmanager
def inline(workers: int) -> Iterator[Run]:  # noqa: ARG001
    """This process, whatever the number of workers."""

    def run(tasks: Sequence[Item]) -> Iterator[None]:
        for task in tasks:
            yield task.run()

    yield run
