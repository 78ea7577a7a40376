"""How strongly each way has to erase, so that all leave the same score on the task."""

from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

CHANCE = 0.5
"""Score of a model that cannot tell the two answers apart."""


class Reached(NamedTuple):
    """The strength at which a score is left."""

    strength: float
    """Multiple of a whole erasure; the largest that was tried where none reaches the score."""
    is_reached: bool
    """Whether one does."""


def two_way(logits: Float[Tensor, "prompt 2"], right: Tensor) -> Float[Tensor, " prompt"]:
    """Probability of the right one of two answers, from their logits (first-version code)."""
    return logits.double().softmax(-1).gather(1, right[:, None]).squeeze(1)


def wanted(score: float, lost: float) -> float:
    """The score with a share of what is above chance lost."""
    return score - lost * (score - CHANCE)


def reached(
    strengths: Sequence[float], scores: Sequence[float], score: float, left: float
) -> Reached:
    """Where the score first falls to `left`, between the strengths that were tried (linear).

    Args:
        strengths: ascending.
        scores: score at each.
        score: score at strength 0.
        left: the score that shall be left.
    """
    if score <= left:
        return Reached(0.0, is_reached=True)
    before, above = 0.0, score
    for strength, found in zip(strengths, scores, strict=True):
        if found <= left:
            share = (above - left) / (above - found) if above > found else 1.0
            return Reached(before + share * (strength - before), is_reached=True)
        before, above = strength, found
    return Reached(strengths[-1], is_reached=False)
