"""Independent items of work with content-addressed results, behind one small `map`.

An item is a JSON-able description; its key is the SHA-256 of that description, of the function's
name and of the code that its module reaches. A result is a folder named by the key, written beside
its place and renamed into it, so a crash leaves finished items whole and the rest absent. A third
back-end (Ray, Slurm) needs only another branch in `map_items`: items and results stay the same
files.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from repro.maker.engine.code import code_of
from repro.maker.engine.progress import shown
from repro.maker.engine.provenance import key_of as sha256_of_json
from repro.maker.params.executor import Executor

Item = Mapping[str, Any]
Work = Callable[[Item, Path], None]
"""Computes one item into an empty folder; must be a module-level function, so that it pickles."""


def key_of(item: Item, work: Work) -> str:
    """Content address of an item's result."""
    name = f"{work.__module__}.{work.__qualname__}"
    return sha256_of_json({"item": item, "work": name, "code": code_of(work.__module__)})[:24]


def map_items(
    work: Work, items: Sequence[Item], how: Executor, scratch: Path, *, desc: str
) -> list[Path]:
    """Result folders of all items, in the order of the items; those already there are not redone.

    Each item runs with `how.threads` processor threads whatever the number of workers, so that its
    bytes do not depend on how the items are spread.
    """
    results = [scratch / key_of(item, work) for item in items]
    # By result, so that two items that say the same are one piece of work.
    todo = {
        result: item for item, result in zip(items, results, strict=True) if not result.exists()
    }
    if how.kind == "inline":
        for result, item in shown(todo.items(), what=desc, total=len(todo)):
            _run(work, item, result, how.threads)
        return results
    with ProcessPoolExecutor(how.workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_run, work, i, r, how.threads) for r, i in todo.items()]
        for future in shown(as_completed(futures), what=desc, total=len(futures)):
            future.result()
    return results


def _run(work: Work, item: Item, result: Path, threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    part = result.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    for torn in part.glob(".*"):  # what a killed run was writing; its whole files are kept
        torn.unlink()
    work(item, part)
    os.replace(part, result)
