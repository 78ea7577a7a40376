"""The same search over every decomposition: which unit fits a class of tokens best.

Of each unit's activation a >= 0 and a set T of tokens, on some text:

    precision = sum_{t in T} a_t / sum_t a_t            (weighted by activation)
    recall    = |{t in T: a_t > 0}| / |T|

The most precise unit is taken among those that fire on some least share of the target, on one half
of the documents; what it is worth is told on the other. A crisp feature may leave part of the
target to others, as the paper says of its own (section 5.1), but one that fires once is no find. No
method has more to choose from but by the number of its units.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Fit(NamedTuple):
    """How units fit classes of tokens (sums over tokens)."""

    activation: Float[Tensor, " unit"]
    """Sum of a."""
    on_target: Float[Tensor, "unit target"]
    """Sum of a over the tokens of each target."""
    n_fired: Int[Tensor, " unit"]
    """Tokens on which a > 0."""
    n_fired_on_target: Int[Tensor, "unit target"]
    """Of these, tokens of each target."""
    n_target: Int[Tensor, " target"]
    """Tokens of each target."""

    def precision(self) -> Float[Tensor, "unit target"]:
        """Share of the activation that is on the target; 0 for a unit that never fires."""
        return self.on_target / self.activation.clamp_min(1e-30)[:, None]

    def recall(self) -> Float[Tensor, "unit target"]:
        """Share of the target's tokens on which the unit fires; 0 where there is none."""
        return self.n_fired_on_target / self.n_target.clamp_min(1)

    def rank(self, least_recall: float) -> Float[Tensor, "unit target"]:
        """By precision, 0 to 1; below those, from -1 to 0, by recall where it is too small."""
        recall = self.recall()
        return torch.where(recall >= least_recall, self.precision(), recall - 1)


def fit_of(a: Float[Tensor, "token unit"], is_in: Bool[Tensor, "token target"]) -> Fit:
    """The sums of some tokens; those of several parts of a text add up."""
    above = a.clamp_min(0).double()
    member, fires = is_in.double(), (a > 0).double()
    return Fit(
        activation=above.sum(dim=0),
        on_target=above.T @ member,
        n_fired=fires.sum(dim=0).long(),
        n_fired_on_target=(fires.T @ member).round().long(),
        n_target=is_in.sum(dim=0),
    )


def added(parts: Sequence[Fit]) -> Fit:
    """The sums over several parts of a text."""
    return Fit(*(torch.stack(some).sum(dim=0) for some in zip(*parts, strict=True)))


def best_units(found: Fit, least_recall: float) -> Int[Tensor, " target"]:
    """For each target the most precise of the units that fire on enough of it, the first of equals.

    Where none fires on enough, the one that fires on most.
    """
    return found.rank(least_recall).argmax(dim=0)


def level_of(a: Float[Tensor, "token unit"], density: float) -> Float[Tensor, " unit"]:
    """The level that so large a share of the tokens exceeds at most, never below zero.

    A unit that fires on fewer tokens is left as it is: its level is 0.
    """
    rank = min(len(a), int(density * len(a)) + 1)
    return a.topk(rank, dim=0).values[-1].clamp_min(0)
