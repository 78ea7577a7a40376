"""The same search over every decomposition: which unit fits a class of tokens best.

Of each unit's activation a >= 0 and a set T of tokens, on some text:

    precision = sum_{t in T} a_t / sum_t a_t            (weighted by activation)
    recall    = |{t in T: a_t > 0}| / |T|

The unit of the largest harmonic mean of the two is taken, on one half of the documents; what it is
worth is told on the other. No method has more to choose from but by the number of its units.
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

    def harmonic_mean(self) -> Float[Tensor, "unit target"]:
        """2 P R / (P + R), 0 where both are 0."""
        p, r = self.precision(), self.recall()
        return 2 * p * r / (p + r).clamp_min(1e-30)


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


def best_units(found: Fit) -> Int[Tensor, " target"]:
    """For each target the unit of the largest harmonic mean, the first where several are equal."""
    return found.harmonic_mean().argmax(dim=0)


def level_of(a: Float[Tensor, "token unit"], density: float) -> Float[Tensor, " unit"]:
    """The level that so large a share of the tokens exceeds at most, never below zero.

    A unit that fires on fewer tokens is left as it is: its level is 0.
    """
    rank = min(len(a), int(density * len(a)) + 1)
    return a.topk(rank, dim=0).values[-1].clamp_min(0)
