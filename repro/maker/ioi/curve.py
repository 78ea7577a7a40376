"""From an order of features to a curve of KL against the number patched, and what is told of it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.maker.ioi.patch import Change, Patched, Task, measure_each, measured

LARGEST_COUNT = 512
"""Features up to which the area is taken: the width of the paper's figure 3."""
BEFORE_ONE = 0.5
"""Where "none patched" stands on the logarithmic axis."""


class Point(NamedTuple):
    """A patched run on held-out prompts."""

    n_patched: int
    measured: Patched


class Reached(NamedTuple):
    """What it takes to come down to a level of KL; `ln_patched` is none where it is not reached."""

    level: float
    ln_patched: float | None
    edit_norm: float


def curve(
    task: Task,
    change: Change,
    sets: Sequence[Int[Tensor, " _patched"]],
    beside: Sequence[Float[Tensor, "pairs tokens d_in"]] = (),
) -> tuple[list[Point], list[Patched]]:
    """Measure nothing patched, each set, and everything patched; by rising number.

    Nothing patched is the untouched model, whose output is known: the identity patch proves it.
    Edits given as `beside` are measured in the same passes and returned apart.
    """
    every = torch.arange(len(change.features))
    by_count = {len(features): features for features in (every, *sets)}
    counts = sorted(by_count)
    found = measure_each(task, [*(change.edit(by_count[count]) for count in counts), *beside])
    none = Point(0, measured(task, torch.zeros_like(task.clean), task.clean_logits))
    return [none, *map(Point, counts, found)], found[len(counts) :]


def prefixes(order: Int[Tensor, " d_sae"], counts: Sequence[int]) -> list[Int[Tensor, " _patched"]]:
    """The first features of an order, at each count that is smaller than all of them."""
    return [order[:count] for count in counts if count < len(order)]


def area(points: Sequence[Point]) -> float:
    """Mean of KL over ln k for k from 1 to 512, by trapezoids; nats, summed over pairs.

    KL is linear in ln k between points, "none" standing at k = 1/2, and stays at its floor beyond
    the last feature. Lower is better: the same fall with fewer features.
    """
    x, y = _axis(points), [point.measured.kl for point in points]
    end = np.log(LARGEST_COUNT)
    knots = np.unique([0.0, end, *(one for one in x if 0 < one < end)])
    return float(np.trapezoid(np.interp(knots, x, y), knots) / end)


def reach(points: Sequence[Point], level: float) -> Reached:
    """Where the curve first comes down to `level` times the unpatched KL, linear in ln k."""
    wanted = level * points[0].measured.kl
    x = _axis(points)
    for (a, before), (b, after) in pairwise(zip(x, points, strict=True)):
        high, low = before.measured.kl, after.measured.kl
        if high > wanted >= low:
            share = (high - wanted) / (high - low)
            edits = before.measured.edit_norm, after.measured.edit_norm
            edit = edits[0] + share * (edits[1] - edits[0])
            return Reached(level, float(max(0.0, a + share * (b - a))), edit)
    return Reached(level, None, 0.0)


def _axis(points: Sequence[Point]) -> list[float]:
    return [float(np.log(point.n_patched or BEFORE_ONE)) for point in points]
