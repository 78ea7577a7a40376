"""Work for the executor's tests; in a module of its own, so that other processes can import it."""

import os
from pathlib import Path

import torch

from repro.files import write_json
from repro.maker.engine.job import Job


class Seeded(Job):
    """A job of the tests."""

    seed: int
    mended: Path = Path()


def products(job: Seeded, folder: Path) -> None:
    """Work: a sum whose last bits depend on the number of threads."""
    generator = torch.Generator().manual_seed(job.seed)
    x = torch.randn(300, 300, generator=generator)
    total = float((x @ x.T @ x).sum())
    result = {"seed": job.seed, "total": total, "threads": torch.get_num_threads()}
    write_json(folder / "result.json", result)


def twice(job: Seeded, folder: Path) -> None:
    """Work: another function of the same items."""
    write_json(folder / "result.json", {"seed": 2 * job.seed})


def sour(job: Seeded, folder: Path) -> None:
    """Work: fails for one item until a file says that it is mended."""
    write_json(folder / "half.json", {})
    if job.seed == 1 and not os.path.exists(job.mended):
        raise RuntimeError("item 1 is sour")
    write_json(folder / "result.json", {"seed": job.seed})


def placed(job: Seeded, folder: Path) -> None:
    """Work: where it was done."""
    write_json(folder / "result.json", {"seed": job.seed, "process": os.getpid()})
