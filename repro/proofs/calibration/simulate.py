"""Draw evidence at and beyond the boundaries of a check, and count its verdicts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from repro.contract.evidence import Table
from repro.contract.proofs.calibration import Errors
from repro.contract.verdict import Status
from repro.errors import DegenerateInputError, EvidenceError
from repro.judge.checks import run_check
from repro.proofs.calibration.boundaries import (
    Edge,
    Subject,
    Worlds,
    edges_of,
    label_of,
    placed,
    room_of,
    unit_of,
)
from repro.proofs.calibration.noise import SHAPES
from repro.spec.decisions import Check

STEPS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Effects of a power curve, in half-widths of the interval."""


@dataclass(frozen=True)
class Draws:
    """How many draws to make where."""

    normal: int
    other: int
    power: int
    seed: int = 0


@dataclass(frozen=True)
class Trial:
    """Draws from one world, and what they are for."""

    subject: str
    edge: str
    errors: Errors
    effect: float
    check: Check
    worlds: Worlds
    confidence: float
    draws: int
    seed: int


@dataclass(frozen=True)
class Tally:
    """Verdicts of one task."""

    subject: str
    edge: str
    errors: Errors
    effect: float
    draws: int
    supported: int
    refuted: int
    unjudged: int


@dataclass(frozen=True)
class Plan:
    """The tasks of one subject, and the boundaries that it cannot stand on."""

    tasks: list[Trial]
    units: dict[str, str]
    unreachable: list[str]


def plan(name: str, subject: Subject, draws: Draws) -> Plan:
    """The worlds to draw from: every boundary under every shape of error, and power curves."""
    tasks: list[Trial] = []
    units: dict[str, str] = {}
    unreachable: list[str] = []

    def add(label: str, errors: Errors, effect: float, worlds: Worlds, n: int) -> None:
        given = (subject.check, worlds, subject.confidence, n, draws.seed)
        tasks.append(Trial(name, label, errors, effect, *given))

    for edge in edges_of(subject):
        label, worlds = label_of(subject, edge), placed(subject, edge, 0.0)
        if worlds is None:
            unreachable.append(label)
            continue
        for errors in SHAPES:
            add(label, errors, 0.0, worlds, draws.normal if errors == "normal" else draws.other)
        if edge.is_single and edge.side > 0:
            for effect, further in _further(subject, edge):
                units[label] = unit_of(subject, edge)
                add(label, "normal", effect, further, draws.power)
    return Plan(tasks, units, unreachable)


def tallies(tasks: Sequence[Trial], jobs: int) -> Iterator[Tally]:
    """The verdicts of each task, in order; every task has its own seed, so jobs do not matter."""
    if jobs == 1:
        yield from map(tally, tasks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(tally, tasks)


def tally(task: Trial) -> Tally:
    """Count the verdicts of one task."""
    words = f"{task.subject}|{task.edge}|{task.errors}|{task.effect!r}"
    draw = np.random.default_rng([task.seed, crc32(words.encode())])
    counts: Counter[Status | None] = Counter()
    for _ in range(task.draws):
        tables = {name: world.drawn(draw, task.errors) for name, world in task.worlds.items()}
        counts[_status(task, tables)] += 1
    return Tally(
        task.subject,
        task.edge,
        task.errors,
        task.effect,
        task.draws,
        counts[Status.SUPPORTED],
        counts[Status.REFUTED],
        counts[None],
    )


def _status(task: Trial, tables: dict[str, Table]) -> Status | None:
    """The verdict, or none where a ratio has no value or no row is left."""
    try:
        return run_check(task.check, tables, task.confidence).status
    except (DegenerateInputError, EvidenceError):
        return None


def _further(subject: Subject, edge: Edge) -> Iterator[tuple[float, Worlds]]:
    """Worlds further and further inside the claim, as far as there is room."""
    half, room = room_of(subject, edge)
    for step in STEPS:
        effect = step * half
        worlds = placed(subject, edge, effect) if effect <= room else None
        if worlds is not None:
            yield effect, worlds
