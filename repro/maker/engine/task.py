"""One task for a back-end: a job, what computes it, and where its result goes."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Item:
    """All that a worker needs, wherever it is: it pickles, and refers to files by their paths."""

    work: Callable[[Any, Path], None]
    """Computes a job into an empty folder; a function of a module."""
    job: Any
    """What is computed."""
    result: Path
    """Folder that appears, whole, once it is."""
    threads: int
    """Processor threads, whatever the number of workers, so that bytes do not depend on it."""

    def run(self) -> None:
        """Compute into a folder beside the result, then rename it.

        Finished files that a killed run left in that folder are kept, torn ones are not.
        """
        import torch

        torch.set_num_threads(self.threads)
        part = self.result.with_suffix(".part")
        part.mkdir(parents=True, exist_ok=True)
        for torn in part.glob(".*"):
            torn.unlink()
        self.work(self.job, part)
        os.replace(part, self.result)


Run = Callable[[Sequence[Item]], Iterator[None]]
"""Runs tasks in any order and place; yields once for each that is finished.

The first exception of a task comes out of it.
"""


class Backend(Protocol):
    """Where tasks run; entered once a stage, so that a worker starts once, keeps what it loads."""

    def __call__(self, workers: int) -> AbstractContextManager[Run]:
        """Workers, until the block ends."""
        ...
