"""The items of the ioi stage that localise: one decomposition each, or planted truth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from repro.contract.rows.ioi import CurveRow, EditRow, IoiRow, LevelRow, LocalisationKey
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.engine.result import write_result
from repro.maker.ioi import known
from repro.maker.ioi.choose import effects, eliminate, greedy, ranking
from repro.maker.ioi.curve import Point, area, curve, prefixes, reach
from repro.maker.ioi.jobs import ENDS, Choosing, LocaliseJob, PlantedJob
from repro.maker.ioi.listing import listed
from repro.maker.ioi.patch import (
    Change,
    Patched,
    Task,
    change_of,
    difference,
    divergence,
    measure,
    random_edit,
)
from repro.maker.ioi.prompted import task_of
from repro.maker.ioi.results import NOT_YET, Localised

Told = Mapping[str, Any]
"""Columns that several rows share."""


def localise_item(job: LocaliseJob, folder: Path) -> None:
    """Work: features put in order on the select prompts and measured on the held-out ones."""
    select, heldout = task_of(job, "select"), task_of(job, "heldout")
    if job.asked.method in ENDS:
        write_result(folder, _end_of_scale(job.key, heldout))
        return
    found = decomposition_of(_with_l0(job, select))
    seen, unseen = change_of(select, found), change_of(heldout, found)
    result = localise(job.choosing, job.key, (select, heldout), (seen, unseen))
    if job.listed:
        effect = effects(select, seen, job.choosing.steps)
        result = result.model_copy(update={"features": listed(job, found, seen, effect)})
    write_result(folder, result)


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
    tasks = known.planted_task(job.draw, 0), known.planted_task(job.draw, 1)
    basis = known.bases(job.draw)[job.method]
    changes = change_of(tasks[0], basis), change_of(tasks[1], basis)
    write_result(folder, localise(job.choosing, job.key, tasks, changes))


def localise(
    how: Choosing, key: LocalisationKey, tasks: tuple[Task, Task], changes: tuple[Change, Change]
) -> Localised:
    """Choose on the first task, measure on the second: curve, area, levels and directed edits.

    `key` names the localisation: its method is that of the edit, its draw seeds random edits.
    """
    (select, heldout), (seen, unseen) = tasks, changes
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
        return _localised(how.levels, key, tasks, changes, points)
    order = ranking(effects(select, seen, how.steps))
    if how.selection == "greedy":
        order = greedy(few, seen_few, order, how.greedy_features, how.greedy_candidates)
    chosen = order[: how.edited]
    generator = torch.Generator().manual_seed(5000 + key.draw)
    as_long = random_edit(unseen.edit(chosen), generator)
    points, beside = curve(heldout, unseen, prefixes(order, how.counts), [as_long])
    own = next(p.measured for p in points if p.n_patched == len(chosen))
    edits = [
        _edit(key, key.method, heldout, len(chosen), own),
        _edit(key, "random_edit", heldout, len(chosen), beside[0]),
    ]
    return _localised(how.levels, key, tasks, changes, points, edits)


def _localised(
    levels: Sequence[float], key: LocalisationKey, tasks: tuple[Task, Task],
    changes: tuple[Change, Change], points: list[Point], edits: Sequence[EditRow] = (),
) -> Localised:  # fmt: skip
    """What a curve comes to on held-out prompts, and whether the select ones could be carried."""
    (select, heldout), (seen, unseen) = tasks, changes
    told = {**key.model_dump(), "carries": NOT_YET, "n": len(heldout.clean)}
    return Localised(
        select_clean=_unpatched(select),
        select_floor=measure(select, seen.whole()).kl,
        short=IoiRow(
            **told,
            n_features=len(unseen.features),
            kl_area=area(points),
            kl_clean=points[0].measured.kl,
            kl_floor=points[-1].measured.kl,
        ),
        curve=[CurveRow(**told, n_patched=p.n_patched, **p.measured._asdict()) for p in points],
        levels=[_level(told, points, level) for level in levels],
        edits=sorted(edits, key=lambda row: row.method),
        features=[],
    )


def _level(told: Told, points: list[Point], level: float) -> LevelRow:
    reached = reach(points, level)
    return LevelRow(
        **told,
        level=level,
        is_reached=int(reached.ln_patched is not None),
        ln_patched=told["n"] * (reached.ln_patched or 0.0),
        edit_norm=reached.edit_norm,
        norm=points[0].measured.norm,
    )


def _edit(key: LocalisationKey, method: str, task: Task, n_patched: int, found: Patched) -> EditRow:
    """How an edit moves the answer; a random one is as long as that of the key's method."""
    whole = difference(task, task.clean_logits) - difference(task, task.counterfactual_logits)
    return EditRow(
        **{**key.model_dump(), "method": method},
        carries=NOT_YET,
        matched="" if method == key.method else key.method,
        n_patched=n_patched,
        n=len(task.clean),
        logit_shift=found.logit_shift,
        logit_shift_counterfactual=float(whole.sum()),
        edit_norm=found.edit_norm,
        norm=found.norm,
    )


def _unpatched(task: Task) -> float:
    return float(divergence(task.clean_logits, task.counterfactual_logits).sum())


def _end_of_scale(key: LocalisationKey, task: Task) -> Localised:
    """Nothing patched, or all activations: the two ends that must be exact."""
    whole = task.counterfactual - task.clean
    edit = whole if key.method == "full_residual" else torch.zeros_like(whole)
    found, clean = measure(task, edit), _unpatched(task)
    return Localised(
        select_clean=clean,
        select_floor=found.kl,
        short=IoiRow(
            **key.model_dump(),
            carries=NOT_YET,
            n=len(task.clean),
            n_features=0,
            kl_area=found.kl,
            kl_clean=clean,
            kl_floor=found.kl,
        ),
        curve=[],
        levels=[],
        edits=[_edit(key, key.method, task, 0, found)],
        features=[],
    )
