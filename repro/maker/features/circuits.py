"""Parents of a feature: those of an earlier site whose ablation lowers it (section 5.3).

    fall(F) = y(x) - y(x - sum over j in F of c_j f_j)        at every token, summed over contexts

with y the activation of the target in its context and c the codes of the earlier activations x. The
fall is signed, as the text has it; the authors' code measures the size of the change. Exact trials
are made of the candidates of largest attribution alone,

    attributed_j = sum over tokens of c_j <f_j, dy/dx>

which is the fall to first order. The rule of the paper, candidates of any attribution, is met where
`screened` is the number of features.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

NEAREST = 10
"""Active features of the next lengths to a parent's, among which a random one is drawn."""

Readout = Callable[[Float[Tensor, "run token d_in"], Int[Tensor, " run"]], Float[Tensor, " run"]]
"""The target's activation in contexts, given by number, with the earlier activations replaced."""


class Wiring(NamedTuple):
    """A target in some contexts, and the earlier dictionary."""

    x: Float[Tensor, "context token d_in"]
    """Activations at the earlier site."""
    codes: Float[Tensor, "context token d_sae"]
    """Codes there; 0 at tokens that an edit must leave alone."""
    features: Float[Tensor, "d_sae d_in"]
    """Rows of the earlier dictionary, in units of the activations."""
    readout: Readout
    """From earlier activations to the target's."""
    batch: int
    """Contexts a pass."""


class Parents(NamedTuple):
    """Candidates in the order of their exact fall, the largest first."""

    features: Int[Tensor, " screened"]
    """Their numbers."""
    falls: Float[Tensor, " screened"]
    """Exact fall, summed over contexts."""
    attributed: Float[Tensor, " screened"]
    """Fall by attribution, summed over contexts."""


@torch.no_grad()
def activation(
    wiring: Wiring, groups: list[Int[Tensor, " ablated"]]
) -> Float[Tensor, "group context"]:
    """The target's activation with each group of features ablated in turn; an empty one for none.

    Several groups share a pass, as small passes waste the cores.
    """
    n = len(wiring.x)
    runs = torch.arange(len(groups) * n)
    found = []
    for some in runs.split(wiring.batch):
        x = torch.stack([_without(wiring, groups[run // n], run % n) for run in some.tolist()])
        found.append(wiring.readout(x, some % n))
    return torch.cat(found).view(len(groups), n)


def attributed(wiring: Wiring) -> Float[Tensor, " d_sae"]:
    """Fall of the target by each feature to first order, summed over contexts."""
    total = torch.zeros(len(wiring.features))
    for part in torch.arange(len(wiring.x)).split(wiring.batch):
        x = wiring.x[part].clone().requires_grad_(True)
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(wiring.readout(x, part).sum(), x)
        total += (wiring.codes[part] * (gradient @ wiring.features.T)).sum(dim=(0, 1))
    return total


def parents_of(wiring: Wiring, screened: int) -> Parents:
    """The features of largest attribution, each ablated alone, in the order of what that does."""
    estimate = attributed(wiring)
    candidates = estimate.argsort(descending=True, stable=True)[:screened]
    found = activation(wiring, [candidates[:0], *candidates.split(1)]).sum(dim=1)
    falls = found[0] - found[1:]
    order = falls.argsort(descending=True, stable=True)
    return Parents(candidates[order], falls[order], estimate[candidates[order]])


def lengths(wiring: Wiring) -> Float[Tensor, " d_sae"]:
    """Sum over contexts and tokens of |c_j f_j|: how much each feature adds."""
    return wiring.codes.abs().sum(dim=(0, 1)) * wiring.features.norm(dim=-1)


def random_active(
    length: Float[Tensor, " d_sae"], parents: Int[Tensor, " n"], rng: np.random.Generator
) -> Int[Tensor, " n"]:
    """For each parent another active feature, at random among those of about its length.

    None is a parent and none is taken twice. Fewer where fewer are active.
    """
    free: Bool[Tensor, " d_sae"] = length > 0
    free[parents] = False
    found: list[int] = []
    for parent in parents.tolist():
        there = free.nonzero().squeeze(1)
        if not len(there):
            break
        far = (length[there].log() - length[parent].clamp_min(1e-30).log()).abs()
        near = there[far.argsort(stable=True)[:NEAREST]]
        found.append(int(near[int(rng.integers(len(near)))]))
        free[found[-1]] = False
    return torch.tensor(found, dtype=torch.int64)


def _without(wiring: Wiring, group: Tensor, context: int) -> Float[Tensor, "token d_in"]:
    return wiring.x[context] - wiring.codes[context][:, group] @ wiring.features[group]
