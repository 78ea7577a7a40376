"""The items of the ioi stage that localise: one decomposition each, or planted truth."""

from pathlib import Path
from typing import Any

import torch

from repro.files import write_json
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.ioi import known
from repro.maker.ioi.choose import effects, eliminate, greedy, ranking
from repro.maker.ioi.curve import Point, area, curve, prefixes, reach
from repro.maker.ioi.jobs import ENDS, Choosing, LocaliseJob, PlantedJob
from repro.maker.ioi.listing import listed
from repro.maker.ioi.patch import (
    Change,
    Measured,
    Task,
    change_of,
    difference,
    divergence,
    measure,
    random_edit,
)
from repro.maker.ioi.prompted import RESULT, task_of


def localise_item(job: LocaliseJob, folder: Path) -> None:
    """Work: features put in order on the select prompts and measured on the held-out ones."""
    select, heldout = task_of(job, "select"), task_of(job, "heldout")
    if job.asked.method in ENDS:
        write_json(folder / RESULT, _end_of_scale(job.asked.method, heldout))
        return
    found = decomposition_of(_with_l0(job, select))
    seen, unseen = (change_of(t, found.dictionary, found.transform) for t in (select, heldout))
    who = (job.asked.method, job.draw)
    result = localise(job.choosing, who, (select, heldout), (seen, unseen))
    if job.listed:
        effect = effects(select, seen, job.choosing.steps)
        result["listed"] = listed(job, found, seen, effect)
    write_json(folder / RESULT, result)


def _with_l0(job: LocaliseJob, select: Task) -> Asked:
    """What is asked for; k of random top-k is the L0 that `like` has on these prompts."""
    if job.like is None:
        return job.asked
    codes = decomposition_of(job.like).encode(select.clean[select.changed])
    k = max(1, round(float((codes > 0).sum(dim=-1).double().mean())))
    d_sae = round(job.asked.expansion_factor * job.asked.of.d_in)
    return job.asked.model_copy(update={"k": min(k, d_sae)})


def planted_item(job: PlantedJob, folder: Path) -> None:
    """Work: the same on planted truth, for one basis of a linear read-out of known causes."""
    seed = job.draw
    tasks = known.planted_task(seed, 0), known.planted_task(seed, 1)
    basis = known.bases(seed)[job.method]
    select, heldout = (change_of(task, basis, known.plain()) for task in tasks)
    write_json(
        folder / RESULT, localise(job.choosing, (job.method, seed), tasks, (select, heldout))
    )


def localise(
    how: Choosing, who: tuple[str, int], tasks: tuple[Task, Task], changes: tuple[Change, Change]
) -> Any:
    """Choose on the first task, measure on the second: curve, area, levels and directed edits.

    `who` is the method, under which its edit is told, and the draw, which seeds random edits.
    """
    (method, draw), (select, heldout), (seen, unseen) = who, tasks, changes
    few = select.first(how.trial_pairs)
    seen_few = seen._replace(codes=seen.codes[: len(few.clean)])
    if how.selection == "elimination":
        kept = eliminate(
            few,
            seen_few,
            smallest=how.smallest,
            n_thresholds=how.n_thresholds,
            chunk=how.chunk,
            seed=how.order,
        )
        sets = [one.features for one in kept if len(one.features)]
        points, _ = curve(heldout, unseen, sets)
        return _summary(how.levels, heldout, points, len(unseen.features)) | _left(select, seen)
    order = ranking(effects(select, seen, how.steps))
    if how.selection == "greedy":
        order = greedy(few, seen_few, order, how.greedy_features, how.greedy_candidates)
    chosen = order[: how.edited]
    generator = torch.Generator().manual_seed(5000 + draw)
    as_long = random_edit(unseen.edit(chosen), generator)
    points, beside = curve(heldout, unseen, prefixes(order, how.counts), [as_long])
    edits = {
        method: next(p.measured for p in points if p.n_patched == len(chosen)),
        "random_edit": beside[0],
    }
    told = {name: {"n_patched": len(chosen), **_shift(heldout, e)} for name, e in edits.items()}
    short = _summary(how.levels, heldout, points, len(unseen.features))
    return short | {"edits": told} | _left(select, seen)


def _left(task: Task, change: Change) -> dict[str, float]:
    """KL on these prompts with nothing and with everything patched: can the task be carried?"""
    return {
        "select_clean": float(divergence(task.clean_logits, task.counterfactual_logits).sum()),
        "select_floor": measure(task, change.whole()).kl,
    }


def _shift(task: Task, found: Measured) -> dict[str, Any]:
    whole = difference(task, task.clean_logits) - difference(task, task.counterfactual_logits)
    return {
        "n": len(task.clean),
        "logit_shift": found.logit_shift,
        "logit_shift_counterfactual": float(whole.sum()),
        "edit_norm": found.edit_norm,
        "norm": found.norm,
    }


def _end_of_scale(method: str, task: Task) -> Any:
    """Nothing patched, or all activations: the two ends that must be exact."""
    whole = task.counterfactual - task.clean
    edit = whole if method == "full_residual" else torch.zeros_like(whole)
    found = measure(task, edit)
    clean = float(divergence(task.clean_logits, task.counterfactual_logits).sum())
    return {
        "n": len(task.clean),
        "n_features": 0,
        "kl_area": found.kl,
        "kl_clean": clean,
        "kl_floor": found.kl,
        "select_clean": clean,
        "select_floor": found.kl,
        "curve": [],
        "levels": [],
        "edits": {method: {"n_patched": 0, **_shift(task, found)}},
    }


def _summary(
    levels: list[float], task: Task, points: list[Point], n_features: int
) -> dict[str, Any]:
    n = len(task.clean)
    norm = points[0].measured.norm
    reached = [reach(points, level) for level in levels]
    return {
        "n": n,
        "n_features": n_features,
        "kl_area": area(points),
        "kl_clean": points[0].measured.kl,
        "kl_floor": points[-1].measured.kl,
        "curve": [{"n_patched": p.n_patched, "n": n, **p.measured._asdict()} for p in points],
        "edits": {},
        "levels": [
            {
                "level": one.level,
                "n": n,
                "is_reached": int(one.ln_patched is not None),
                "ln_patched": n * (one.ln_patched or 0.0),
                "edit_norm": one.edit_norm,
                "norm": norm,
            }
            for one in reached
        ],
    }
