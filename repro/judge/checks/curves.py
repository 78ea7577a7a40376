"""Curves in ln x: interpolation on a range that all of them cover."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from repro.judge.checks.cells import Thin

Floats = NDArray[np.float64]

N_GRID = 16
"""Points of the common grid, even in ln x."""

_COINCIDE = 1e-6
"""Points nearer than this in ln x have no slope between them."""


def common_means(curves: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Mean height of each curve over the range of ln x that all of them cover.

    Reduction: mean over 16 points even in ln x, of the curve interpolated in ln x (`heights_at`).
    Units: those of the heights.

    Args:
        curves: ln x and height of each curve, both of shape (replicates, points).

    Returns:
        Shape (replicates, curves).

    Raises:
        Thin: no range is common to all curves.
    """
    ordered = [_sorted(x, y) for x, y in curves]
    grid = _common_grid(ordered)
    return np.stack([_heights_at(grid, x, y).mean(axis=1) for x, y in ordered], axis=1)


def interpolation_errors(curves: Sequence[tuple[Floats, Floats]]) -> Floats:
    """How far the mean height of each curve may be off because its points are few.

    The distance of the mean from that through the second nearest parabolas, as two formulas of one
    order differ by about the error of either; of a curve of three points, which has one parabola,
    the distance from that through chords, which overstates it; of two points, how far the mean lies
    from the farther of them, as much as a curve can be off that goes one way between them. Measured
    on line 0, that of all rows. Args as in `common_means`; shape (curves,).
    """
    whole = [_sorted(x[:1], y[:1]) for x, y in curves]
    grid = _common_grid(whole)
    return np.array([_error_on(grid[0], x[0], y[0]) for x, y in whole])


def _error_on(grid: Floats, x: Floats, y: Floats) -> float:
    first = heights_at(grid, x, y)
    if len(x) < 3:
        return float(np.abs(y - first.mean()).max())
    if len(x) == 3 or (np.diff(x) < _COINCIDE).any():
        return abs(float((first - _chords(grid, x, y)).mean()))
    nearest = np.abs(grid[:, None] - x[1:-1]).argsort(axis=1, kind="stable")[:, 1]
    return abs(float((first - _parabolas(grid[None], x[None], y[None], nearest[None])).mean()))


def _common_grid(ordered: Sequence[tuple[Floats, Floats]]) -> Floats:
    starts: Floats = np.max([x[:, 0] for x, _ in ordered], axis=0)
    ends: Floats = np.min([x[:, -1] for x, _ in ordered], axis=0)
    if (ends <= starts).any():
        raise Thin(_apart([np.exp(x[0, [0, -1]]) for x, _ in ordered]))
    return np.linspace(starts, ends, N_GRID, axis=1)


def residuals(x: Floats, y: Floats, degree: int) -> Floats:
    """Signed distances y - p(x) from the least-squares polynomial p of each line.

    Args:
        x: ln x, shape (replicates, points).
        y: heights, same shape.
        degree: of the polynomial p.
    """
    centred = x - x.mean(axis=1, keepdims=True)
    scaled = centred / np.abs(centred).max(axis=1, keepdims=True)
    powers = scaled[:, :, None] ** np.arange(degree + 1)
    basis = np.linalg.qr(powers).Q
    fitted = np.einsum("rpd,rqd,rq->rp", basis, basis, y)
    return y - fitted


def heights_at(at: Floats, x: Floats, y: Floats) -> Floats:
    """The parabola through the inner point nearest to each of `at` and the two beside it.

    A chord where there are two points, or where two of the points coincide.
    A chord of a bent curve lies on one side of it, by more where points are sparser, which would
    favour the curve with the denser or the sparser grid. Newton's divided differences.
    """
    return _heights_at(at[None], x[None], y[None])[0]


def _heights_at(at: Floats, x: Floats, y: Floats) -> Floats:
    """The same for many curves at once: lines of `at`, x and y."""
    if x.shape[1] < 3 or (np.diff(x) < _COINCIDE).any():
        if len(x) == 1:
            return _chords(at[0], x[0], y[0])[None]
        lines = zip(at, x, y, strict=True)
        return np.stack([heights_at(*line) for line in lines])
    return _parabolas(at, x, y, np.abs(at[:, :, None] - x[:, None, 1:-1]).argmin(axis=2))


def _parabolas(at: Floats, x: Floats, y: Floats, first: NDArray[np.intp]) -> Floats:
    """At each of `at`, the parabola whose first point is given."""
    x0, x1, x2 = (np.take_along_axis(x, first + i, 1) for i in range(3))
    y0, y1, y2 = (np.take_along_axis(y, first + i, 1) for i in range(3))
    slope = (y1 - y0) / (x1 - x0)
    bend = ((y2 - y1) / (x2 - x1) - slope) / (x2 - x0)
    return y0 + slope * (at - x0) + bend * (at - x0) * (at - x1)


def _chords(at: Floats, x: Floats, y: Floats) -> Floats:
    return np.interp(at, x, y)


def _sorted(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(x, axis=1, kind="stable")
    return np.take_along_axis(x, order, 1), np.take_along_axis(y, order, 1)


def _apart(ranges: Sequence[Floats]) -> str:
    shown = ", ".join(f"{low:.4g} to {high:.4g}" for low, high in ranges)
    return f"the curves share no range of x to compare them on (they cover {shown})"
