"""Parents of a feature: those of an earlier site whose ablation lowers it (section 5.3).

    fall(F) = y(x) - y(x - sum over j in F of c_j f_j)        at every token, summed over contexts

with y the activation of the target in its context and c the codes of the earlier activations x. The
fall is signed, as the text has it; the authors' code measures the size of the change. Exact trials
are made of the candidates of largest attribution alone,

    attributed_j = sum over tokens of c_j <f_j, dy/dx>

which is the fall to first order. The rule of the paper, candidates of any attribution, is met where
`screened` is the number of features.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

NEAREST = 10
"""Active features of the next lengths to a parent's, among which a random one is drawn."""

Readout = Callable[[Float[Tensor, "run token d_in"], Int[Tensor, " run"]], Float[Tensor, " run"]]
"""The target's activation in contexts, given by number, with the earlier activations replaced.

No more tokens are given than the longest of these contexts has.
"""


class Taken(NamedTuple):
    """What is ablated."""

    features: Int[Tensor, " ablated"]
    """Their numbers."""
    strength: float = 1.0
    """1 takes out what they add; more or less of it makes an edit of another length."""


class Wiring(NamedTuple):
    """A target in some contexts, and the earlier dictionary."""

    x: Float[Tensor, "context token d_in"]
    """Activations at the earlier site."""
    codes: Float[Tensor, "context token d_sae"]
    """Codes there; 0 at tokens that an edit must leave alone."""
    features: Float[Tensor, "d_sae d_in"]
    """Rows of the earlier dictionary, in units of the activations."""
    last: Int[Tensor, " context"]
    """Place of each context's last token, at which the target is read."""
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


def nothing() -> Taken:
    """No feature at all."""
    return Taken(torch.tensor([], dtype=torch.int64))


@torch.no_grad()
def activation(wiring: Wiring, groups: Sequence[Taken]) -> Float[Tensor, "group context"]:
    """The target's activation with each group of features ablated in turn.

    Several groups share a pass, as small passes waste the cores; contexts of about one length do,
    as what stands behind a context's last token is not run.
    """
    n = len(wiring.x)
    runs = torch.arange(len(groups) * n)
    runs = runs[wiring.last[runs % n].argsort(stable=True)]
    found = torch.zeros(len(runs), dtype=wiring.x.dtype)
    for some in runs.split(wiring.batch):
        stop = int(wiring.last[some % n].max()) + 1
        edited = [_without(wiring, groups[run // n], run % n, stop) for run in some.tolist()]
        found[some] = wiring.readout(torch.stack(edited), some % n)
    return found.view(len(groups), n)


def attributed(wiring: Wiring) -> Float[Tensor, " d_sae"]:
    """Fall of the target by each feature to first order, summed over contexts."""
    total = torch.zeros(len(wiring.features))
    for part in torch.arange(len(wiring.x)).split(wiring.batch):
        stop = int(wiring.last[part].max()) + 1
        x = wiring.x[part, :stop].clone().requires_grad_(True)
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(wiring.readout(x, part).sum(), x)
        total += (wiring.codes[part, :stop] * (gradient @ wiring.features.T)).sum(dim=(0, 1))
    return total


def parents_of(wiring: Wiring, screened: int) -> Parents:
    """The features of largest attribution, each ablated alone, in the order of what that does."""
    estimate = attributed(wiring)
    candidates = estimate.argsort(descending=True, stable=True)[:screened]
    found = activation(wiring, [nothing(), *map(Taken, candidates.split(1))]).sum(dim=1)
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


def edit_of(
    wiring: Wiring, taken: Taken, contexts: slice = slice(None), stop: int | None = None
) -> Float[Tensor, "context token d_in"]:
    """What is subtracted in some contexts before token `stop`, s sum over j of c_j f_j."""
    codes = wiring.codes[contexts, :stop, taken.features]
    return taken.strength * (codes @ wiring.features[taken.features])


def edit_lengths(wiring: Wiring, taken: Taken) -> Float[Tensor, " context"]:
    """Length of what is subtracted, summed over the tokens of each context."""
    return edit_of(wiring, taken).norm(dim=-1).sum(dim=1)


def as_long_as(wiring: Wiring, features: Int[Tensor, " n"], other: Taken) -> Taken:
    """Some features at the strength at which their edit is as long as another, over all contexts.

    Active features as long as the parents of a target are rare: what is chosen as a parent is
    often the longest there is. A shorter edit would lower the target less, whatever it is. Strength
    0 where they are active nowhere.
    """
    own = float(edit_lengths(wiring, Taken(features)).sum())
    wanted = float(edit_lengths(wiring, other).sum())
    return Taken(features, wanted / own if own > 0 else 0.0)


def _without(wiring: Wiring, taken: Taken, context: int, stop: int) -> Float[Tensor, "token d_in"]:
    one = slice(context, context + 1)
    return wiring.x[context, :stop] - edit_of(wiring, taken, one, stop)[0]
