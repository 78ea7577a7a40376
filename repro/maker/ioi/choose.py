"""Which features to patch first: three ways, all of which see the select prompts alone."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.maker.ioi.patch import Change, Task, divergence, run, run_each

LARGEST = 1.0
"""Largest threshold of elimination, in nats (the authors' code; their smallest is 1e-5)."""


class Kept(NamedTuple):
    """What is left after one sweep of elimination."""

    threshold: float
    """Rise of KL, in nats a pair, below which a feature was given up."""
    features: Int[Tensor, " kept"]
    """Features still patched, ascending."""


def effects(task: Task, change: Change, steps: int) -> Float[Tensor, "pairs tokens d_sae"]:
    """Attributed change of KL by each feature at each token (integrated gradients), nats.

        effect_j = (c_bar_j - c_j) <f_j, mean over t of dKL/dx at x + t (x_all - x)>

    with t at the midpoints of `steps` equal parts of [0, 1] and x_all the activations with all
    features patched. Summed over tokens and features this tends to KL(all patched) - KL(none) as
    `steps` grows (Sundararajan et al. 2017, completeness). One step is attribution patching at the
    middle.
    """
    whole = change.whole()
    gradient = torch.zeros_like(task.clean)
    for step in range(steps):
        t = (step + 0.5) / steps
        for part in task.parts():
            x = (task.clean[part] + t * whole[part]).requires_grad_(True)
            with torch.enable_grad():
                kl = divergence(task.readout(x, part), task.counterfactual_logits[part]).sum()
            gradient[part] += torch.autograd.grad(kl, x)[0] / steps
    return change.codes * (gradient @ change.features.T)


def ranking(effect: Float[Tensor, "pairs tokens d_sae"]) -> Int[Tensor, " d_sae"]:
    """Features by their summed effect, the one that lowers KL most first; ties by index."""
    return effect.double().sum((0, 1)).argsort(stable=True)


def greedy(
    task: Task, change: Change, ranked: Int[Tensor, " d_sae"], n_features: int, n_candidates: int
) -> Int[Tensor, " d_sae"]:
    """Features in the order in which each lowers KL most on top of those before it.

    The first `n_features` are found so among the first `n_candidates` of `ranked`; the others keep
    their order.
    """
    chosen: list[int] = []
    candidates = ranked[:n_candidates].tolist()
    for _ in range(min(n_features, len(candidates))):
        trials = [change.edit(torch.tensor([*chosen, one])) for one in candidates]
        found = [_mean_kl(task, logits) for logits in run_each(task, trials)]
        chosen.append(candidates.pop(int(np.argmin(found))))
    rest = [feature for feature in ranked.tolist() if feature not in set(chosen)]
    return torch.tensor(chosen + rest)


def eliminate(
    task: Task, change: Change, *, smallest: float, n_thresholds: int, chunk: int, seed: int
) -> list[Kept]:
    """The paper's selection: start from all features, give up those whose loss costs little.

    At each threshold, ascending from `smallest` to 1 nats evenly in the logarithm, the features
    left are visited in a random order; one is given up where KL rises by less than the threshold,
    and KL after it is the new reference (section 4.1; ACDC, algorithm 4.1, on a flat graph).

    Departs: `chunk` features are tried together and, where they fail, each half apart: a stricter
    rule for the ones given up together that spares most trials. With `chunk=1` it is the authors'.
    Features that no prompt of `task` changes are not visited: they cost nothing.
    """
    kl = _kl(task, change)
    generator = np.random.default_rng(seed)
    kept = change.codes.ne(0).flatten(0, 1).any(0).nonzero().squeeze(1).tolist()
    reference = kl(kept)
    found = []
    for threshold in np.geomspace(smallest, LARGEST, n_thresholds):
        visited = [int(i) for i in generator.permutation(kept)]
        for start in range(0, len(visited), chunk):
            kept, reference = _give_up(
                kept, visited[start : start + chunk], reference, float(threshold), kl
            )
        found.append(Kept(float(threshold), torch.tensor(sorted(kept), dtype=torch.int64)))
    return found


def _give_up(
    kept: list[int],
    group: Sequence[int],
    reference: float,
    threshold: float,
    kl: Callable[[Sequence[int]], float],
) -> tuple[list[int], float]:
    """Features and KL that are left after trying to do without a group."""
    without = set(group)
    trial = [feature for feature in kept if feature not in without]
    found = kl(trial)
    if found - reference < threshold:
        return trial, found
    if len(group) > 1:
        half = len(group) // 2
        for part in (group[:half], group[half:]):
            kept, reference = _give_up(kept, part, reference, threshold, kl)
    return kept, reference


def _kl(task: Task, change: Change) -> Callable[[Sequence[int]], float]:
    """Mean KL over pairs, D(patched || counterfactual), with a set of features patched."""

    def kl(features: Sequence[int]) -> float:
        edit = change.edit(torch.tensor(features, dtype=torch.int64))
        return _mean_kl(task, run(task, edit))

    return kl


def _mean_kl(task: Task, logits: Float[Tensor, "pairs words"]) -> float:
    return float(divergence(logits, task.counterfactual_logits).mean())
