"""The numbers that are judged: θ of each rule, from what its cells come to (section 3)."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from repro.second.cells import Layout, Point
from repro.second.curves import Curve, common_range, curve, interpolation_error, mean_height
from repro.second.stops import TooThin
from repro.spec.decisions import Decision, Dominates, Monotone, Smooth


def thetas(rule: Decision, layout: Layout, points: Sequence[Point]) -> list[float]:
    """θ of a rule, one or several.

    Raises:
        TooThin: curves without a common range, few points, or a single value to walk along.
    """
    match rule:
        case Monotone():
            return _steps(rule, _heights(rule, layout, points))
        case Dominates():
            ours, *rivals = _curves(layout, points)
            return [_gap(ours, rival) for rival in rivals]
        case Smooth():
            return _distances(rule, [(one.x, one.y) for one in points])
        case _:
            return [points[0].y - points[1].y if len(points) == 2 else points[0].y]


def errors(rule: Decision, layout: Layout, points: Sequence[Point]) -> list[float]:
    """The error of interpolation of each θ; 0 where nothing is interpolated."""
    if isinstance(rule, Dominates):
        ours, *rivals = _curves(layout, points)
        pairs = [((ours, rival), common_range([ours, rival])) for rival in rivals]
        return [sum(interpolation_error(one, ends) for one in pair) for pair, ends in pairs]
    if isinstance(rule, Monotone) and rule.matched is not None:
        curves = _curves(layout, points)
        ends = common_range(curves)
        each = [interpolation_error(one, ends) for one in curves]
        if rule.by == "mean_step":
            return [(each[0] + each[-1]) / (len(each) - 1)]
        return [left + right for left, right in pairwise(each)]
    return [0.0] * len(thetas(rule, layout, points))


def _curves(layout: Layout, points: Sequence[Point]) -> list[Curve]:
    return [curve([(points[i].x, points[i].y) for i in places]) for places in layout.curves]


def _gap(ours: Curve, rival: Curve) -> float:
    """Mean height of the rival's curve less ours, over the range common to the two."""
    ends = common_range([ours, rival])
    return mean_height(rival, ends) - mean_height(ours, ends)


def _heights(rule: Monotone, layout: Layout, points: Sequence[Point]) -> list[float]:
    """The ratio at each value of `along`, or the mean height of its curve."""
    if len(layout.curves) < 2:
        raise TooThin(f"a single value of {rule.along}")
    if rule.matched is None:
        return [one.y for one in points]
    curves = _curves(layout, points)
    ends = common_range(curves)
    return [mean_height(one, ends) for one in curves]


def _steps(rule: Monotone, heights: Sequence[float]) -> list[float]:
    """Steps between neighbours, times -1 where falling is claimed; or their mean."""
    sign = 1.0 if rule.direction == "rising" else -1.0
    steps = [sign * (right - left) for left, right in pairwise(heights)]
    return [sum(steps) / len(steps)] if rule.by == "mean_step" else steps


def _distances(rule: Smooth, points: Sequence[tuple[float, float]]) -> list[float]:
    """Each point's distance from the least-squares polynomial in ln x through all points."""
    least = max(rule.min_points, rule.degree + 2)
    if len({x for x, _ in points}) < least:
        raise TooThin(f"fewer than {least} different x")
    x = np.array([one for one, _ in points])
    y = np.array([one for _, one in points])
    around = x - x.mean()
    powers = np.stack([around**power for power in range(rule.degree + 1)], axis=1)
    factors = np.linalg.lstsq(powers, y, rcond=None)[0]
    return [float(one) for one in y - powers @ factors]
