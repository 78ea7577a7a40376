"""Worlds on the boundary of a claim: one condition just met, all others met by far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from repro.contract.evidence import Table
from repro.judge.checks import Outcome, run_check
from repro.proofs.calibration.moves import flattened, moved
from repro.proofs.calibration.worlds import World
from repro.spec.decisions import Check, Decision, Smooth, Within, parts_of
from repro.spec.words import quantity

FAR = (6.0, 2.0, 0.75, 0.5)
"""Half-widths of an interval beyond the margin: met by far, or by less where that cannot be."""
N_PILOT = 25
MAX_ROUNDS = 60
TOLERANCE = 1e-6
"""Largest error of a boundary, in half-widths of the interval."""

Worlds = Mapping[str, World]


@dataclass(frozen=True)
class Edge:
    """One way of standing on the boundary of a claim: which conditions are just met.

    `at` names a contrast of each part that is on its boundary; none for all of its contrasts,
    which is where a false refutation is likeliest. `side` is the end of a band: 1 for the lower.
    """

    at: Mapping[int, int | None]
    side: int = 1

    @property
    def is_single(self) -> bool:
        """Whether just one condition is on its boundary, so that effects beyond it have a unit."""
        return len(self.at) == 1 and None not in self.at.values()


@dataclass(frozen=True)
class Subject:
    """A check with the world of its evidence and the half-widths of its intervals there."""

    check: Check
    worlds: Worlds
    confidence: float
    halves: tuple[np.ndarray, ...]

    def contrasts(self, worlds: Worlds) -> tuple[np.ndarray, ...]:
        """The true contrasts of each part."""
        return tuple(self.contrasts_of(part, worlds) for part in parts_of(self.check))

    def contrasts_of(self, part: Decision, worlds: Worlds) -> np.ndarray:
        """The true contrasts of one part."""
        found = run_check(part, {part.reads: worlds[part.reads].still()}, self.confidence)
        return np.array([contrast.interval.estimate for contrast in found.contrasts])


def subject_of(check: Check, worlds: Worlds, confidence: float, seed: int) -> Subject:
    """Measure the half-widths on a few draws of the world as it is."""
    draw, halves = np.random.default_rng(seed), []
    for _ in range(N_PILOT):
        tables = {name: world.drawn(draw, "normal") for name, world in worlds.items()}
        found = run_check(check, tables, confidence)
        halves.append([_halves(one) for one in found.parts or (found,)])
    medians = tuple(np.median([h[i] for h in halves], axis=0) for i in range(len(halves[0])))
    return Subject(check, worlds, confidence, medians)


def edges_of(subject: Subject) -> list[Edge]:
    """The edges to try: one condition of each part, all conditions of a part, all parts at once.

    The one condition of a part is its least favourable in the real evidence.
    """
    truth, parts = subject.contrasts(subject.worlds), parts_of(subject.check)
    worst = {
        i: 0 if isinstance(part, Smooth) else int(truth[i].argmin()) for i, part in enumerate(parts)
    }
    edges = [Edge({i: contrast}) for i, contrast in worst.items()]
    edges += [Edge({i: 0}, side=-1) for i, part in enumerate(parts) if isinstance(part, Within)]
    edges += [
        Edge({i: None})
        for i, part in enumerate(parts)
        if len(truth[i]) > 1 and not isinstance(part, Smooth)
    ]
    return edges + ([Edge(worst)] if len(parts) > 1 else [])


def placed(subject: Subject, edge: Edge, beyond: float) -> Worlds | None:
    """Worlds in which the conditions of an edge are met by just `beyond`, and others by far.

    Far is less where rules on one quantity leave no room; none where they contradict each other.
    """
    tried = (_placed(subject, edge, beyond, far) for far in FAR)
    return next((worlds for worlds in tried if worlds is not None), None)


def _placed(subject: Subject, edge: Edge, beyond: float, far: float) -> Worlds | None:
    """Move each part to its place in turn until all stand."""
    parts, worlds = parts_of(subject.check), dict(subject.worlds)
    order = sorted(range(len(parts)), key=lambda i: i in edge.at)
    before = np.zeros(0)
    for _ in range(MAX_ROUNDS):
        for i in order:
            place = _Place(parts[i], subject.halves[i], edge, i, beyond, far)
            name, truth = parts[i].reads, subject.contrasts_of(parts[i], worlds)
            worlds[name] = place.put(worlds[name], truth, _shares_its_rows(parts[i], parts))
        truth = subject.contrasts(worlds)
        places = [_Place(p, subject.halves[i], edge, i, beyond, far) for i, p in enumerate(parts)]
        if all(place.holds(truth[i]) for i, place in enumerate(places)):
            return worlds
        now = np.concatenate(truth)
        if len(before) and np.allclose(now, before, rtol=1e-9, atol=0):
            return None
        before = now
    return None


@dataclass(frozen=True)
class _Place:
    """Where the contrasts of one part are to be."""

    part: Decision
    halves: np.ndarray
    edge: Edge
    index: int
    beyond: float
    far: float

    @property
    def _is_at_edge(self) -> bool:
        return self.index in self.edge.at

    def put(self, world: World, truth: np.ndarray, by_rival: bool) -> World:
        if isinstance(self.part, Smooth):
            return flattened(self.part, world, self._size(self.part))
        return moved(self.part, world, self._targets(truth) - truth, by_rival)

    def holds(self, truth: np.ndarray) -> bool:
        if isinstance(self.part, Smooth):
            wrong = abs(float(truth.max()) - self._size(self.part))
        else:
            wrong = float(np.abs(self._targets(truth) - truth).max())
        return wrong <= TOLERANCE * float(self.halves.max())

    def _size(self, part: Smooth) -> float:
        return part.margin - self.beyond if self._is_at_edge else 0.0

    def _targets(self, truth: np.ndarray) -> np.ndarray:
        """The contrasts of the edge at their place, others far inside or where they are."""
        part = self.part
        if isinstance(part, Within):
            ends = {1: part.low + self.beyond, -1: part.high - self.beyond}
            return np.array(
                [ends[self.edge.side] if self._is_at_edge else (part.low + part.high) / 2]
            )
        targets = np.maximum(truth, part.margin + self.far * self.halves)
        if self._is_at_edge:
            contrast = self.edge.at[self.index]
            targets[slice(None) if contrast is None else contrast] = part.margin + self.beyond
        return targets


def _shares_its_rows(part: Decision, parts: Sequence[Decision]) -> bool:
    """Whether another rule judges the same quantity on the same rows, against other rivals."""
    same = [one for one in parts if (one.of, one.where) == (part.of, part.where)]
    return len(same) > 1


def still(worlds: Worlds) -> dict[str, Table]:
    """The evidence of some worlds without noise."""
    return {name: world.still() for name, world in worlds.items()}


def label_of(subject: Subject, edge: Edge) -> str:
    """Which conditions of an edge are just met, in words."""
    found = run_check(subject.check, still(subject.worlds), subject.confidence)
    parts = found.parts or (found,)
    named = []
    for i, contrast in edge.at.items():
        part, names = parts_of(subject.check)[i], [one.name for one in parts[i].contrasts]
        words = f"every condition on {quantity(part.of)}" if contrast is None else names[contrast]
        if isinstance(part, Smooth):
            words = f"the largest distance of {quantity(part.of)} from a polynomial"
        if isinstance(part, Within):
            words += " at the lower end" if edge.side > 0 else " at the upper end"
        named.append(words)
    return " and ".join(named)


def unit_of(subject: Subject, edge: Edge) -> str:
    """Unit of an effect beyond a single condition: that of the quantity, or its own name."""
    (i,) = edge.at
    of = parts_of(subject.check)[i].of
    return quantity(of) if of.scale == "log" or of.unit == "1" else of.unit


def room_of(subject: Subject, edge: Edge) -> tuple[float, float]:
    """Half-width of the interval of a single condition, and how far inside a truth can be."""
    ((i, contrast),) = edge.at.items()
    part, halves = parts_of(subject.check)[i], subject.halves[i]
    if isinstance(part, Smooth):
        return float(halves.max()), part.margin
    room = (part.high - part.low) / 2 if isinstance(part, Within) else np.inf
    return float(halves[contrast or 0]), room


def _halves(one: Outcome) -> np.ndarray:
    return np.array([c.interval.high - c.interval.estimate for c in one.contrasts])
