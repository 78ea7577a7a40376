"""`Smooth`: does a curve go without a knee?"""

from dataclasses import replace

import numpy as np

from repro.contract.evidence import Table
from repro.judge.checks.cells import Thin, cells_along
from repro.judge.checks.curves import residuals
from repro.judge.checks.outcome import Outcome, below
from repro.judge.checks.replicates import replicate
from repro.judge.stats import Interval
from repro.spec.decisions import Smooth


def check_smooth(check: Smooth, table: Table, confidence: float, n_parts: int) -> Outcome:
    """Judge how far each point of the curve lies from the polynomial in ln x."""
    cells = list(cells_along(table, check.where, check.knob).values())
    found = replicate(table, cells, check)
    x = found.log_of(check.x)
    n_points = min(len(np.unique(line)) for line in x)
    needed = max(check.min_points, check.degree + 2)
    if n_points < needed:
        raise Thin(f"the curve has {n_points} points where {needed} are needed to see a knee")
    distances = residuals(x, found.ratio(check.of), check.degree)
    names = [f"the distance at {cell.name}" for cell in cells]
    contrasts = found.contrasts(names, distances, confidence, n_parts)
    sizes = [
        replace(one, interval=_size(one.interval), joint=_size(one.joint)) for one in contrasts
    ]
    return below(check, sizes, check.margin)


def _size(signed: Interval) -> Interval:
    """The interval of |theta| from that of theta: it starts at 0 where theta's holds 0."""
    ends = abs(signed.low), abs(signed.high)
    low = 0.0 if signed.low <= 0 <= signed.high else min(ends)
    return Interval(abs(signed.estimate), low, max(ends))
