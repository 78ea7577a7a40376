"""One task after the other, in this process."""

from collections.abc import Iterator, Sequence

from repro.maker.engine.task import Item


def inline(tasks: Sequence[Item], workers: int) -> Iterator[None]:  # noqa: ARG001
    """Run the tasks in their order."""
    for task in tasks:
        yield task.run()
