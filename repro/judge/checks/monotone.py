"""`Monotone`: does a ratio go one way from each value of a column to the next?"""

from itertools import pairwise

import numpy as np

from repro.contract.evidence import Table
from repro.judge.checks.cells import Thin, cells_along
from repro.judge.checks.curves import common_means, interpolation_errors
from repro.judge.checks.outcome import Outcome, above
from repro.judge.checks.replicates import Replicates, replicate
from repro.judge.checks.rows import shown
from repro.spec.decisions import Matched, Monotone
from repro.spec.words import quantity


def check_monotone(check: Monotone, table: Table, confidence: float, n_parts: int) -> Outcome:
    """Judge the steps of the ratio between neighbouring values, signed as claimed."""
    knobs = (check.matched.knob,) if check.matched else ()
    cells = cells_along(table, check.where, check.along, *knobs)
    values = sorted({key[0] for key in cells})
    if len(values) < 2:
        raise Thin(f"only one value of {check.along} is there, so there is no step")
    found = replicate(table, list(cells.values()), check)
    heights, errors = found.ratio(check.of), np.zeros(len(values))
    if check.matched:
        curves = _curves(found, check, check.matched, [key[0] for key in cells])
        heights, errors = common_means(curves), interpolation_errors(curves)
    steps = np.diff(heights, axis=1) * (1 if check.direction == "rising" else -1)
    doubts = errors[1:] + errors[:-1]
    if check.by == "mean_step":
        names, steps = [f"the mean step of {quantity(check.of)}"], steps.mean(axis=1, keepdims=True)
        # All but the two ends cancel in the mean of the steps.
        doubts = (errors[:1] + errors[-1:]) / len(doubts)
    else:
        names = [
            f"the step from {check.along} {shown(a)} to {shown(b)}" for a, b in pairwise(values)
        ]
    contrasts = found.contrasts(names, steps, confidence, n_parts, doubts)
    return above(check, contrasts, check.margin)


def _curves(
    found: Replicates, check: Monotone, matched: Matched, along: list[float | str]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The curve of each value, in sorted order."""
    x, y = found.log_of(matched.x), found.ratio(check.of)
    labels = np.array(along)
    masks = [labels == value for value in sorted(set(along))]
    return [(x[:, mask], y[:, mask]) for mask in masks]
