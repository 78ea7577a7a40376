"""`Dominates`: does our curve lie below each rival's at equal x?"""

from itertools import pairwise

import numpy as np

from repro.contract.evidence import Table
from repro.judge.checks.cells import cells_along
from repro.judge.checks.curves import common_means, interpolation_errors
from repro.judge.checks.outcome import Outcome, above
from repro.judge.checks.replicates import replicate
from repro.spec.decisions import Dominates
from repro.spec.words import quantity


def check_dominates(check: Dominates, table: Table, confidence: float, n_parts: int) -> Outcome:
    """Judge, for each rival, the mean of (rival - ours) over the common range of ln x."""
    groups = [cells_along(table, check.where, check.knob)]
    groups += [cells_along(table, rival.where, rival.knob) for rival in check.against]
    found = replicate(table, [cell for group in groups for cell in group.values()], check)
    ends = np.cumsum([0, *(len(group) for group in groups)])
    x, y = found.log_of(check.x), found.ratio(check.of)
    curves = [(x[:, a:b], y[:, a:b]) for a, b in pairwise(ends)]
    pairs = [[curves[0], rival] for rival in curves[1:]]
    gaps = np.stack([_gap(common_means(pair)) for pair in pairs], axis=1)
    errors = np.array([interpolation_errors(pair).sum() for pair in pairs])
    names = [f"{rival.name} less ours in {quantity(check.of)}" for rival in check.against]
    contrasts = found.contrasts(names, gaps, confidence, n_parts, errors)
    return above(check, contrasts, check.margin)


def _gap(means: np.ndarray) -> np.ndarray:
    return means[:, 1] - means[:, 0]
