"""Work of the stage: parents of features drawn at random, and of a planted circuit."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.contract.rows.features import CircuitRow, EdgeRow
from repro.maker.activations.between import activations_from
from repro.maker.activations.edited import EditedModel
from repro.maker.activations.loaded import model_of
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.decomposition import Decomposition
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.engine.job import Job
from repro.maker.engine.record import Record
from repro.maker.engine.result import write_result
from repro.maker.features.circuits import (
    Parents,
    Taken,
    Wiring,
    activation,
    as_long_as,
    edit_lengths,
    lengths,
    nothing,
    parents_of,
    random_active,
)
from repro.maker.features.planted import planted_circuit
from repro.maker.features.purity import likeliest_tokens
from repro.maker.interpret.prepared import read_activations, read_text
from repro.maker.interpret.text import EXPLAIN
from repro.maker.interpret.units import codes_of, counted, drawn_units

NAMED = 4
"""Tokens by which a feature is told."""


class Asking(Record):
    """What is asked of every target."""

    n_contexts: int
    """Contexts of a target in each half of the text."""
    screened: int
    """Candidates that are ablated one by one."""
    taken: int
    """Of these, parents."""
    draws: int
    """Random sets."""
    seed: int
    """Seed of targets and random sets."""


class CircuitsJob(Job):
    """Some targets of one dictionary."""

    child: Asked
    """The dictionary of the targets."""
    parent: Asked
    """The dictionary of the earlier site, of the same seed."""
    reads: tuple[Path, Path]
    """Results of the forward pass, of the earlier and of the later site."""
    edited: EditedModel
    """The model, edited at the earlier site."""
    hook: str
    """Hook point of the targets."""
    alive_firings: int
    """A unit is alive above so many firings."""
    effective_share: float
    """A unit does something from this part of an even share."""
    part: tuple[int, int]
    """Which part of its targets, of how many."""
    n_targets: int
    """Targets of the dictionary."""
    asking: Asking
    """What is asked of each."""


class PlantedCircuitJob(Job):
    """Circuits of known wiring."""

    site: str
    """Where the tables put them."""
    blocks: int
    """Blocks of contexts."""
    n_targets: int
    """Targets."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""
    asking: Asking
    """What is asked of each."""

    @property
    def key(self) -> dict[str, Any]:
        """What names it in the tables."""
        key = {"alpha": 0.0, "k": 0, "expansion_factor": 1.0, "seed": 0}
        return {"site": self.site, "method": "planted", **key}


class Wired(Record):
    """What an item came to."""

    circuits: list[CircuitRow]
    """By target, what is ablated, and block."""
    edges: list[EdgeRow]
    """By target and candidate."""
    n_too_rare: int
    """Targets that were drawn and stand in too few contexts."""


class Says(NamedTuple):
    """The tokens by which features are told."""

    child: Callable[[int], str]
    """Of a target."""
    parent: Callable[[int], str]
    """Of a feature of the earlier site."""


class Found(NamedTuple):
    """A target in the contexts of both halves."""

    searched: Wiring
    """Contexts in which parents are looked for."""
    judged: Wiring
    """Contexts in which they are judged."""
    block: Int[np.ndarray, " judged"]
    """Block of each of these."""


def circuits_item(job: CircuitsJob, folder: Path) -> None:
    """Work: targets drawn at random, their parents, and what these are worth elsewhere."""
    torch.set_num_threads(job.edited.threads)
    bench = _Bench(job)
    circuits: list[CircuitRow] = []
    edges: list[EdgeRow] = []
    rare = 0
    for target in bench.targets():
        wired = bench.wired(target)
        if wired is None:
            rare += 1
            continue
        parents = parents_of(wired.searched, job.asking.screened)
        circuits += _rows(job.child.key, target, wired, parents, job.asking)
        edges += _edges(job.child.key, target, wired, parents, job.asking.taken, bench.says)
    write_result(folder, Wired(circuits=circuits, edges=edges, n_too_rare=rare))


def planted_circuit_item(job: PlantedCircuitJob, folder: Path) -> None:
    """Work: targets that are known sums of some features."""
    torch.set_num_threads(job.threads)
    circuits: list[CircuitRow] = []
    edges: list[EdgeRow] = []
    for target in range(job.n_targets):
        wired = _planted(job, target)
        parents = parents_of(wired.searched, job.asking.screened)
        circuits += _rows(job.key, target, wired, parents, job.asking)
        edges += _edges(job.key, target, wired, parents, job.asking.taken)
    write_result(folder, Wired(circuits=circuits, edges=edges, n_too_rare=0))


def _planted(job: PlantedCircuitJob, target: int) -> Found:
    """One planted circuit in contexts of both halves, as many as there are blocks at least."""
    asking, count = job.asking, max(job.asking.n_contexts, job.blocks)
    searched, judged = planted_circuit(asking.taken, count, [asking.seed, 0xC1, target])
    return Found(searched, judged, np.arange(count) % job.blocks)


class _Bench:
    """The text, both dictionaries, and what the targets do on all of it."""

    def __init__(self, job: CircuitsJob) -> None:
        self.job, (self.text, _) = job, read_text(job.edited.text)
        self.lm = model_of(job.edited.files)
        self.child, self.parent = decomposition_of(job.child), decomposition_of(job.parent)
        early, late = job.reads
        self.early = read_activations(early, job.parent.of.site)
        self.x, self.is_kept = read_activations(late, job.child.of.site)
        self.drawn = self._drawn()
        self.codes = codes_of(self.child, self.x, self.drawn).numpy()
        self.codes[~self.is_kept.numpy()] = 0.0

    def targets(self) -> list[int]:
        """Numbers of this part's targets."""
        part, parts = self.job.part
        return self.drawn[part::parts].tolist()

    def wired(self, target: int) -> Found | None:
        """The target in contexts from half its largest activation; none where there are too few."""
        a = self.codes[..., self.drawn.tolist().index(target)]
        searched = self.text.block == EXPLAIN
        least = a[searched].max() / 2
        halves = [self._contexts(a, least, half) for half in (searched, ~searched)]
        if least <= 0 or min(len(rows) for rows, _ in halves) < self.job.asking.n_contexts:
            return None
        first, second = (self._wiring(target, rows, at) for rows, at in halves)
        return Found(first, second, self.text.block[halves[1][0]])

    @property
    def says(self) -> Says:
        """The tokens by which targets and features of the earlier site are told."""
        return Says(
            child=lambda unit: self._says(self.child, self.x, self.is_kept, unit),
            parent=lambda unit: self._says(self.parent, *self.early, unit),
        )

    def _says(self, of: Decomposition, x: Tensor, is_kept: Tensor, unit: int) -> str:
        """The tokens that hold most of a unit's activation where parents are looked for."""
        rows = self.text.block == EXPLAIN
        a = codes_of(of, x[rows], np.array([unit]))[..., 0].numpy() * is_kept[rows].numpy()
        some = likeliest_tokens(a.ravel(), self.text.ids[rows].ravel(), NAMED)
        return " ".join(self.text.pieces[one].strip() or "\N{RETURN SYMBOL}" for one in some)

    def _drawn(self) -> Int[np.ndarray, " n"]:
        """Targets: units at random among those that do something."""
        job = self.job
        some = self.x[self.text.block == EXPLAIN][self.is_kept[self.text.block == EXPLAIN]]
        found = counted(self.child, some)
        eligible = (found.firings > job.alive_firings) & (found.effect >= job.effective_share)
        return drawn_units(eligible, job.n_targets, [job.asking.seed, job.child.seed, 2])

    def _contexts(
        self, a: Float[np.ndarray, "fragment token"], least: float, half: np.ndarray
    ) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
        """Fragments of a half in which the target is at least so active, and the place in each."""
        rows = np.flatnonzero(half & (a.max(axis=1) >= least) & (a.max(axis=1) > 0))
        order = np.random.default_rng([self.job.asking.seed, 3]).permutation(len(a))
        rows = rows[np.argsort(order[rows])][: self.job.asking.n_contexts]
        return rows, a[rows].argmax(axis=1)

    def _wiring(self, target: int, rows: np.ndarray, at: np.ndarray) -> Wiring:
        edited, n_before = self.job.edited, len(self.job.edited.before)
        stop = int(at.max()) + 1
        before = torch.tensor(edited.before, dtype=torch.int64).expand(len(rows), -1)
        ids = torch.cat([before, torch.from_numpy(self.text.ids[rows, :stop].astype(np.int64))], 1)
        place = torch.from_numpy(at) + n_before
        x = self.lm.activations(ids, [edited.hook])[edited.hook].float().cpu().clone()
        codes = self.parent.encode(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        is_left = x.norm(dim=-1) > edited.sink_norm
        is_left[:, : edited.first_edited] = True
        codes[is_left] = 0.0
        child = self.child

        def readout(replaced: Tensor, part: Tensor) -> Tensor:
            these = ids[part, : replaced.shape[1]]
            there = activations_from(self.lm, replaced, edited.hook, these, self.job.hook)
            here = there[torch.arange(len(part)), place[part]].float().cpu()
            return child.encode(here)[:, target]

        features = self.parent.directions / self.parent.transform.scale
        return Wiring(x, codes, features, place, readout, edited.batch)


def _rows(
    key: Mapping[str, Any], target: int, wired: Found, parents: Parents, asking: Asking
) -> Iterator[CircuitRow]:
    """The target with its parents ablated, and with random features in their place, by block."""
    groups = _ablated(wired.judged, Taken(parents.features[: asking.taken]), target, asking)
    found = activation(wired.judged, [nothing(), *(group for _, group in groups)])
    length = [edit_lengths(wired.judged, group) for _, group in groups]
    for number, (name, group) in enumerate(groups):
        for block in np.unique(wired.block).tolist():
            here = torch.from_numpy(wired.block == block)
            yield CircuitRow(
                **key,
                feature=target,
                text_block=block,
                ablated=name,
                draw=max(0, number - 1),
                n=int(here.sum()),
                n_ablated=len(group.features),
                strength=group.strength,
                activation=float(found[0, here].double().sum()),
                activation_ablated=float(found[number + 1, here].double().sum()),
                edit_norm=float(length[number][here].double().sum()),
                parents_norm=float(length[0][here].double().sum()),
            )


def _ablated(
    wiring: Wiring, parents: Taken, target: int, asking: Asking
) -> list[tuple[str, Taken]]:
    """The parents, and random active features whose edit is as long."""
    rng = np.random.default_rng([asking.seed, 4, target])
    length, groups = lengths(wiring), [("parents", parents)]
    for _ in range(asking.draws):
        some = random_active(length, parents.features, rng)
        groups.append(("random_active", as_long_as(wiring, some, parents)))
    return groups


def _edges(
    key: Mapping[str, Any],
    target: int,
    wired: Found,
    parents: Parents,
    taken: int,
    says: Says | None = None,
) -> Iterator[EdgeRow]:
    """Candidates with what both ways of asking say of them; the target and parents by name."""
    whole = float(activation(wired.searched, [nothing()]).double().sum())
    child_says = says.child(target) if says else ""
    for rank, parent in enumerate(parents.features.tolist()):
        is_parent = rank < taken
        yield EdgeRow(
            **key,
            feature=target,
            says=child_says,
            parent=parent,
            parent_says=says.parent(parent) if says and is_parent else "",
            rank=rank + 1,
            is_parent=int(is_parent),
            n=len(wired.searched.x),
            activation=whole,
            fall=float(parents.falls[rank]),
            attributed=float(parents.attributed[rank]),
        )
