"""Work of the stage: one way of erasing, as strongly as leaves the scores that are asked for."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.contract.rows.erase import EraseFeatureRow, EraseRow, EraseScoreRow
from repro.maker.activations.loaded import model_of
from repro.maker.activations.predicted import hidden_from
from repro.maker.activations.prefixed import Prefixed
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.dictionaries.model import unit_rows
from repro.maker.engine.record import Record
from repro.maker.engine.result import write_result
from repro.maker.erase.erasers import (
    Eraser,
    Feature,
    Projection,
    leace,
    likest,
    mean_difference,
)
from repro.maker.erase.jobs import LOST, ONCE, EraseJob
from repro.maker.erase.read import Asking, Text, divergence, read_read
from repro.maker.erase.strength import CHANCE, Reached, reached, two_way, wanted

NAME_GROUPS = 10
"""Groups of names that intervals leave out in turn."""
AT_ONCE = 64
"""Prompts a pass: little of them is run."""
FIRES_ON = 0.1
"""Share of the training prompts in which a random unit is active at least."""


class Erased(Record):
    """What an item came to."""

    text: list[EraseRow]
    """By what is lost, and block."""
    scores: list[EraseScoreRow]
    """By what is lost, task and group of names."""
    features: list[EraseFeatureRow]
    """By what is lost."""


class Chosen(NamedTuple):
    """What erases."""

    eraser: Eraser
    """e(x)."""
    unit: int
    """The unit; -1 for what has none."""


def erase_item(job: EraseJob, folder: Path) -> None:
    """Work: rows of one way of erasing."""
    torch.set_num_threads(job.edited.threads)
    read = read_read(job.read)
    training = read.gender.half(training=True)
    chosen = chosen_by(job, training)
    tried = {t: float(scored(job, training, chosen.eraser, t).mean()) for t in job.strengths}
    clean = float(training.score.mean())
    at = {
        name: reached(list(tried), list(tried.values()), clean, wanted(clean, share))
        for name, share in LOST.items()
    }
    at = {ONCE: Reached(1.0, is_reached=True), **at}
    key = job.key | {"feature": chosen.unit}
    scores = [
        row
        for task, asking in (("gender", read.gender), ("pronoun", read.pronoun))
        for row in _score_rows(job, key, task, asking.half(training=False), chosen.eraser, at)
    ]
    told = Erased(
        text=list(_text_rows(job, key, read.text, chosen.eraser, at)),
        scores=scores,
        features=list(_feature_rows(job, key, training, chosen.unit, tried[1.0], at)),
    )
    write_result(folder, told)


def chosen_by(job: EraseJob, training: Asking) -> Chosen:
    """What erases, fitted and chosen on the training names alone."""
    x = training.x[training.is_edited]
    label = training.label[:, None].expand_as(training.is_edited)[training.is_edited]
    match job.way:
        case "leace":
            return Chosen(leace(x, label), -1)
        case "mean_difference":
            return Chosen(mean_difference(x, label), -1)
    of, like = decomposition_of(job.asked), mean_difference(x, label)
    if job.way == "likest":
        unit = likest(of, like)
        direction = unit_rows(of.directions[unit][None])[0]
        return Chosen(Projection(direction, like.centre), unit)
    codes = of.encode(training.x.flatten(0, 1)).unflatten(0, training.x.shape[:2])
    codes[~training.is_edited] = 0.0
    if job.way == "random":
        active = (codes != 0).any(dim=1).double().mean(dim=0) >= FIRES_ON
        there = active.nonzero().squeeze(1)
        there = there if len(there) else torch.arange(codes.shape[-1])
        rng = np.random.default_rng([job.seed, job.asked.seed, 0xEA])
        unit = int(there[int(rng.integers(len(there)))])
        return Chosen(Feature(of, unit), unit)
    unit = _best(job, training, codes, of.directions / of.transform.scale)
    return Chosen(Feature(of, unit), unit)


def _best(
    job: EraseJob,
    training: Asking,
    codes: Float[Tensor, "prompt position d_sae"],
    features: Float[Tensor, "d_sae d_in"],
) -> int:
    """The unit whose ablation lowers the score most, among those of largest attribution."""
    attributed = (codes * (training.gradient @ features.T)).sum(dim=(0, 1))
    candidates = attributed.argsort(descending=True, stable=True)[: job.candidates].tolist()
    left = [
        float(_score(job, training, -codes[..., unit, None] * features[unit]).mean())
        for unit in candidates
    ]
    return candidates[int(np.argmin(left))]


def scored(job: EraseJob, asking: Asking, eraser: Eraser, strength: float) -> Tensor:
    """Score of each prompt with a concept erased from the name on."""
    e = eraser(asking.x.flatten(0, 1)).unflatten(0, asking.x.shape[:2])
    return _score(job, asking, -strength * e * asking.is_edited[..., None])


def _score(
    job: EraseJob, asking: Asking, edit: Float[Tensor, "prompt position d_in"]
) -> Float[Tensor, " prompt"]:
    model, found = Prefixed(model_of(job.edited.files), job.edited.hook, asking.shared), []
    for part in torch.arange(len(asking.ids)).split(AT_ONCE):
        logits = model.logits(asking.x[part] + edit[part], asking.ids[part])
        found.append(two_way(logits[:, asking.answers].cpu(), asking.label[part]))
    # Exactly the score it was where nothing is edited: rounding would be an effect, and the same
    # one for every unit that is silent there.
    is_edited = edit.ne(0).any(dim=2).any(dim=1)
    return torch.where(is_edited, torch.cat(found), asking.score)


def _score_rows(
    job: EraseJob,
    key: Mapping[str, Any],
    task: str,
    asking: Asking,
    eraser: Eraser,
    at: Mapping[str, Reached],
) -> Iterator[EraseScoreRow]:
    """What is left of a task, by group of names."""
    group = _groups(asking.label)
    above = asking.score.double() - CHANCE
    for lost, found in at.items():
        fall = asking.score.double() - scored(job, asking, eraser, found.strength)
        for one in group.unique().tolist():
            here = group == one
            n, whole = int(here.sum()), float(above[here].sum())
            yield EraseScoreRow(
                **key,
                lost=lost,
                task=task,
                name_group=one,
                n_prompts=n,
                n_correct=int((above[here] > 0).sum()),
                score_above_chance=whole,
                score_lost=float(fall[here].sum()),
                score_to_lose=LOST.get(lost, 1.0) * whole,
                n_reached=n * found.is_reached,
            )


def _groups(label: Int[Tensor, " prompt"]) -> Int[Tensor, " prompt"]:
    """Groups that have names of both genders: the i-th of each is in group i."""
    place = torch.zeros_like(label)
    for value in (0, 1):
        here = label == value
        place[here] = torch.arange(int(here.sum()))
    return place % NAME_GROUPS


@torch.no_grad()
def _text_rows(
    job: EraseJob, key: Mapping[str, Any], text: Text, eraser: Eraser, at: Mapping[str, Reached]
) -> Iterator[EraseRow]:
    """How far predictions on other text are moved, by block."""
    first = len(job.edited.before)
    for name, found in at.items():
        kl = _moved(job, text, eraser, found.strength)
        for block in text.block.unique().tolist():
            here = text.block == block
            yield EraseRow(
                **key,
                lost=name,
                text_block=block,
                n_tokens=int(here.sum()) * (text.ids.shape[1] - first),
                strength=found.strength,
                kl=float(kl[here].sum()),
                kl_whole=float(text.kl_whole[here].sum()),
            )


def _moved(
    job: EraseJob, text: Text, eraser: Eraser, strength: float
) -> Float[Tensor, " fragment"]:
    """How far an erasure of some strength moves the predictions on each fragment."""
    lm, edited, found = model_of(job.edited.files), job.edited, []
    for part in torch.arange(len(text.ids)).split(edited.batch):
        x, ids = text.x[part], text.ids[part]
        e = eraser(x.flatten(0, 1)).unflatten(0, x.shape[:2]) * text.is_edited[part][..., None]
        hidden = hidden_from(lm, x - strength * e, edited.hook, ids)
        found.append(divergence(lm, text.hidden[part], hidden, len(edited.before)))
    return torch.cat(found)


def _feature_rows(
    job: EraseJob,
    key: Mapping[str, Any],
    training: Asking,
    unit: int,
    score: float,
    at: Mapping[str, Reached],
) -> Iterator[EraseFeatureRow]:
    """What the unit is like."""
    cosine, fires = 0.0, [0.0, 0.0]
    if unit >= 0:
        of = decomposition_of(job.asked)
        label = training.label[:, None].expand_as(training.is_edited)[training.is_edited]
        like = mean_difference(training.x[training.is_edited], label)
        cosine = float(unit_rows(of.directions[unit][None])[0] @ like.direction)
        last = of.encode(training.x[:, -1])[:, unit] > 0
        fires = [float(last[training.label == one].double().mean()) for one in (0, 1)]
    for lost, found in at.items():
        yield EraseFeatureRow(
            **key,
            lost=lost,
            strength=found.strength,
            is_reached=int(found.is_reached),
            score_training=score,
            cosine=cosine,
            share_male=fires[0],
            share_female=fires[1],
        )
