"""What a measurement was made on and when; the frame of every file under reports/bench/."""

import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psutil
import torch

from repro.files import write_json
from repro.maker.engine.device import describe
from repro.maker.engine.provenance import versions

THREADS = 2
"""Processor threads of every measurement: the README speaks of two cores."""


def seconds(
    work: Callable[[], object], *, runs: int, clock: Callable[[], float] = perf_counter
) -> float:
    """Median time of `runs` calls after one that is not counted, on the wall if no other clock."""
    work()
    times = []
    for _ in range(runs):
        began = clock()
        work()
        times.append(clock() - began)
    return median(times)


def write(folder: Path, name: str, device: torch.device, figures: dict[str, Any]) -> None:
    """Write one file of figures beside what they were measured on."""
    machine = {
        "device": describe(device, torch.float32, THREADS),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(terse=True),
    }
    date = datetime.now(UTC).date().isoformat()
    content = {"date": date, "machine": machine, "versions": versions(), "figures": figures}
    write_json(folder / f"{name}.json", content)
