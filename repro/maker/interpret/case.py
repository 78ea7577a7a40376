"""What a scorer is given: one unit's activations on fragments of text, and which are shown."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

import numpy as np
from jaxtyping import Float, Int

Variant = Literal["top_and_random", "top_only", "random_only", "unconditional"]
"""Scoring fragments: the strongest and random ones that fire (the paper's headline); the strongest
alone; random ones that fire (appendix C.2); and random ones, whether they fire or not."""


class Text(NamedTuple):
    """Fragments of held-out text, the same for every method and site."""

    ids: Int[np.ndarray, "fragment token"]
    """Token ids."""
    pieces: tuple[str, ...]
    """What each token id stands for in running text, by id."""
    document: Int[np.ndarray, " fragment"]
    """Document of each fragment."""
    block: Int[np.ndarray, " fragment"]
    """-1 where explanations are made; 0, 1, ... where they are scored. A document is in one."""

    def tokens(self, fragment: int) -> tuple[str, ...]:
        """The tokens of a fragment as text."""
        return tuple(self.pieces[one] for one in self.ids[fragment])


class Drawn(NamedTuple):
    """Fragments of one block drawn for one unit, as numbers of fragments."""

    top: Int[np.ndarray, " n"]
    """Of the largest activations, the largest first."""
    random: Int[np.ndarray, " n"]
    """At random among those in which the unit fires, none of them in `top`."""
    anywhere: Int[np.ndarray, " n"]
    """At random among all of the block."""

    def of(self, variant: Variant) -> Int[np.ndarray, " n"]:
        """The fragments of a variant."""
        both = np.concatenate([self.top, self.random])
        parts = {"top_and_random": both, "top_only": self.top, "random_only": self.random}
        return parts.get(variant, self.anywhere)


class Case(NamedTuple):
    """One unit before a scorer."""

    text: Text
    """All fragments."""
    activations: Float[np.ndarray, "fragment token"]
    """What the unit does on each token of them; 0 at tokens that are left out (sinks)."""
    explain: Drawn
    """Fragments from which it is explained."""
    score: tuple[Drawn, ...]
    """Fragments on which the explanation is scored, block by block."""


class Scored(NamedTuple):
    """What a scorer makes of a case."""

    explanation: tuple[str, ...]
    """In words, a line each; empty where a scorer has none."""
    scores: Mapping[Variant, tuple[float, ...]]
    """By variant, a value each block; NaN where it failed on a block."""
    by_budget: Mapping[int, tuple[float, ...]] = {}
    """On top and random fragments, by the budget of the explanation, where it has one."""


class Scorer(Protocol):
    """One way of scoring: a module of this package that says what its number means."""

    name: str
    """How the evidence calls it."""
    metric: str
    """What its score is, in words."""
    chance: float
    """Score of an explanation that says nothing."""
    ends: tuple[float, float]
    """Worst and best score there can be."""

    def __call__(self, case: Case) -> Scored:
        """Explain on the one half, score on the other."""
        ...


def correlation(
    truth: Float[np.ndarray, " token"], predicted: Float[np.ndarray, " token"]
) -> float:
    """Pearson correlation over the pooled tokens of the scoring fragments.

    Paper: appendix A and C.2 (the uncalibrated simulator's ev-correlation; Bills et al. 2023).
    A prediction that is the same everywhere says nothing: 0. An activation that is the same
    everywhere, or a prediction that is missing somewhere, has no score: NaN.
    """
    a, b = truth - truth.mean(), predicted - predicted.mean()
    size = np.sqrt((a @ a) * (b @ b))
    if not a @ a > 0 or not np.isfinite(b).all():
        return float("nan")
    return float(a @ b / size) if size > 0 else 0.0
