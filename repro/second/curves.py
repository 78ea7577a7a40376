"""Curves: what is common to them, their mean height, and what interpolation may err (section 3)."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from repro.second.stops import TooThin

Curve = list[tuple[float, float]]
"""Points (ln x, y), sorted by ln x."""

POINTS = 16
"""Points of the grid, even in ln x from end to end."""
SAME = 1e-6
"""Distance in ln x within which two points count as one."""


def curve(points: Sequence[tuple[float, float]]) -> Curve:
    """Points sorted by ln x."""
    return sorted(points, key=lambda one: one[0])


def common_range(curves: Sequence[Curve]) -> tuple[float, float]:
    """From the largest first to the smallest last ln x.

    Raises:
        TooThin: there is no such range.
    """
    first = max(one[0][0] for one in curves)
    last = min(one[-1][0] for one in curves)
    if not first < last:
        raise TooThin("the curves share no range of x")
    return first, last


def mean_height(one: Curve, ends: tuple[float, float]) -> float:
    """The mean height at 16 points even in ln x from end to end."""
    if _is_straight(one):
        return _mean([_line(one, x) for x in _grid(ends)])
    return _mean([_parabola(one, _inner(one, x)[0], x) for x in _grid(ends)])


def interpolation_error(one: Curve, ends: tuple[float, float]) -> float:
    """How far the mean height may be off: its distance from that by another interpolation.

    By the parabolas around the second nearest inner points; of three points, or where two are as
    good as one, by straight lines; of two points, the larger distance to the two heights.
    """
    height = mean_height(one, ends)
    if len(one) == 2:
        return max(abs(height - y) for _, y in one)
    if len(one) == 3 or _is_straight(one):
        return abs(height - _mean([_line(one, x) for x in _grid(ends)]))
    return abs(height - _mean([_parabola(one, _inner(one, x)[1], x) for x in _grid(ends)]))


def _grid(ends: tuple[float, float]) -> list[float]:
    first, last = ends
    return [first + (last - first) * step / (POINTS - 1) for step in range(POINTS)]


def _mean(heights: Sequence[float]) -> float:
    return sum(heights) / len(heights)


def _is_straight(one: Curve) -> bool:
    """Whether straight lines run between the points: of two, or where two are as good as one."""
    gaps = [right[0] - left[0] for left, right in pairwise(one)]
    return len(one) == 2 or min(gaps) <= SAME


def _inner(one: Curve, x: float) -> list[int]:
    """Places of the inner points, the nearest first; the earlier of two that are as near."""
    return sorted(range(1, len(one) - 1), key=lambda place: abs(one[place][0] - x))


def _line(one: Curve, x: float) -> float:
    return float(np.interp(x, [point[0] for point in one], [point[1] for point in one]))


def _parabola(one: Curve, place: int, x: float) -> float:
    """At x, the parabola through an inner point and the two beside it (Lagrange)."""
    (a, at_a), (b, at_b), (c, at_c) = one[place - 1 : place + 2]
    return (
        at_a * (x - b) * (x - c) / ((a - b) * (a - c))
        + at_b * (x - a) * (x - c) / ((b - a) * (b - c))
        + at_c * (x - a) * (x - b) / ((c - a) * (c - b))
    )
