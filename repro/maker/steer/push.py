"""How hard a push is, and what it is worth: lengths, the rise of the loss, the log-odds of words.

x' = x + s d        at every position, with d of norm 1
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

Measure = Callable[[Float[Tensor, " d_in"]], float]
"""The rise of the loss, in nats a token, with a push."""


def costs_of(
    direction: Float[Tensor, " d_in"], unit: float, lengths: Sequence[float], measure: Measure
) -> Iterator[tuple[float, float]]:
    """Each length, counted in `unit`, and the rise of the loss that it costs.

    Measured when it is asked for: the direction has norm 1, lengths ascend, and most directions
    cost what is allowed long before the last.
    """
    return ((length, measure(length * unit * direction)) for length in lengths)


def length_at(costs: Iterable[tuple[float, float]], allowed: float) -> float:
    """Where the loss first rises by so much, between the lengths that were tried (linear).

    The largest length where none costs as much.
    """
    before, below = 0.0, 0.0
    for length, rise in costs:
        if rise >= allowed:
            share = (allowed - below) / (rise - below) if rise > below else 1.0
            return before + share * (length - before)
        before, below = length, rise
    return before


def log_odds(
    logits: Float[Tensor, "row vocabulary"], is_keyword: Bool[Tensor, " vocabulary"]
) -> Float[Tensor, " row"]:
    """Ln p(S) - ln (1 - p(S)) of the next token being one of a set S, in nats."""
    ln_p = logits.double().log_softmax(-1)
    return ln_p[:, is_keyword].logsumexp(-1) - ln_p[:, ~is_keyword].logsumexp(-1)


def unit(direction: Float[Tensor, " d_in"]) -> Float[Tensor, " d_in"]:
    """The direction at norm 1."""
    return direction / direction.norm().clamp_min(1e-12)


def random_direction(d_in: int, seed: list[int]) -> Float[Tensor, " d_in"]:
    """A direction of chance, of norm 1."""
    return unit(torch.from_numpy(np.random.default_rng(seed).standard_normal(d_in)).float())


def mean_difference(
    x: Float[Tensor, "token d_in"], is_on: Bool[Tensor, " token"]
) -> Float[Tensor, " d_in"]:
    """From all other tokens to those of a set, of norm 1 (AxBench's difference of means)."""
    return unit(x[is_on].mean(dim=0) - x[~is_on].mean(dim=0))
