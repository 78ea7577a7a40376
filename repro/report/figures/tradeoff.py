"""Figures of error against sparsity: one panel each, from the fidelity table of one site."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator
from numpy.polynomial import Polynomial

from repro.contract.evidence import Table
from repro.judge.checks.curves import residuals
from repro.report.figures.curves import (
    Curve,
    SumRatio,
    above,
    curve,
    groups,
    methods_present,
    seed_curves,
    select,
)
from repro.report.figures.palette import COMPARED, METHODS, TRAINERS, Look, look_of_r
from repro.report.figures.style import BLUE, GREY, legend_above, panel
from repro.spec.decisions import SMOOTH_DEGREE

L0 = SumRatio("active", "n_tokens")
FVU = SumRatio("squared_error", "variance")
FVU_NORMALISED = SumRatio("squared_error_normalised", "variance_normalised")

L0_LABEL = "L0: active units per token (log scale)"
FVU_LABEL = "FVU: share of variance unexplained"
R_OF_GRID = 2.0
"""Expansion factor at which methods are compared and alpha is varied."""
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def tradeoff(table: Table, y: SumRatio = FVU, ylabel: str = FVU_LABEL) -> Figure:
    """FVU against L0, every method: a thin line a seed, a strong one for all seeds together."""
    return _by_method(table, COMPARED, y, ylabel)


def tradeoff_normalised(table: Table) -> Figure:
    """The same with each coordinate divided by its own variance, so that no outlier rules."""
    return tradeoff(table, FVU_NORMALISED, "FVU, coordinates weighted alike")


def frontier(table: Table) -> Figure:
    """FVU against L0 of our dictionaries, of the field's own trainer, and of PCA's best."""
    return _by_method(table, TRAINERS, FVU, FVU_LABEL)


def trained_and_frozen(table: Table) -> Figure:
    """FVU against L0 of the trained dictionary and of the one whose decoder stayed random."""
    methods = ("sae", "sae_random_decoder", "random_topk")
    return _by_method(table, methods, FVU, FVU_LABEL)


def smoothness(table: Table) -> Figure:
    """The curve on logarithmic axes, its polynomial, and the residual of each point as a bar.

    Residuals are those that the rule of the claim judges, here of all documents and seeds together.
    """
    rows = above(select(table, method="sae", expansion_factor=R_OF_GRID), "alpha", 0)
    points = curve(rows, "alpha", L0, FVU)
    figure, axes = panel(L0_LABEL, "FVU (log scale)")
    look = METHODS["sae"]
    _draw(axes, seed_curves(rows, "alpha", L0, FVU), look, thin=True)
    if len(points.x) > SMOOTH_DEGREE:
        _draw_polynomial(axes, points)
    axes.plot(points.x, points.y, look.marker, color=look.colour, label=look.label)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(PLAIN)
    return _finish(figure, axes)


def _draw_polynomial(axes: Axes, points: Curve) -> None:
    x, y = np.log(points.x), np.log(points.y)
    fitted = y - residuals(x[None], y[None], SMOOTH_DEGREE)[0]
    # Through the fitted points, of which there are more than its degree, there is just one.
    polynomial = Polynomial.fit(x, fitted, SMOOTH_DEGREE)
    at = np.linspace(x.min(), x.max(), 100)
    label = f"fit of degree {SMOOTH_DEGREE} in ln L0"
    axes.plot(np.exp(at), np.exp(polynomial(at)), color=BLUE, dashes=(4, 2), label=label)
    axes.vlines(points.x, np.exp(fitted), points.y, color=GREY, linewidth=3, label="residual")


def by_r(table: Table) -> Figure:
    """FVU against L0, one curve an R: where they coincide, a larger dictionary adds nothing."""
    rows = above(select(table, method="sae"), "alpha", 0)
    figure, axes = panel(L0_LABEL, FVU_LABEL)
    for r, some in groups(rows, "expansion_factor"):
        _draw(axes, curve(some, "alpha", L0, FVU), look_of_r(r))
        _draw(axes, seed_curves(some, "alpha", L0, FVU), look_of_r(r), thin=True)
    return _finish(figure, axes)


def of_grid(table: Table, method: str) -> Table:
    """The rows of a method with which the others are compared: one R, and a penalty."""
    rows = select(table, method=method)
    if METHODS[method].knob != "alpha":
        return rows
    return above(select(rows, expansion_factor=R_OF_GRID), "alpha", 0)


def compared(table: Table, methods: Sequence[str] = COMPARED) -> Iterator[tuple[str, Table]]:
    """Those of `methods` that have rows to compare, and the rows."""
    for method in methods_present(table, methods):
        rows = of_grid(table, method)
        if len(rows):
            yield method, rows


def _by_method(table: Table, methods: Sequence[str], y: SumRatio, ylabel: str) -> Figure:
    figure, axes = panel(L0_LABEL, ylabel)
    for method, rows in compared(table, methods):
        look = METHODS[method]
        _draw(axes, curve(rows, look.knob, L0, y), look)
        _draw(axes, seed_curves(rows, look.knob, L0, y), look, thin=True)
    axes.set_ylim(bottom=0)
    return _finish(figure, axes)


def _draw(axes: Axes, points: Curve, look: Look, *, thin: bool = False) -> None:
    if thin:
        axes.plot(points.x, points.y, **look.pointed, linewidth=0.5, markersize=2, alpha=0.6)
    else:
        axes.plot(points.x, points.y, **look.pointed, label=look.label)


def _finish(figure: Figure, axes: Axes) -> Figure:
    plain_log_x(axes)
    legend_above(figure, axes)
    return figure


def plain_log_x(axes: Axes) -> None:
    """A logarithmic horizontal axis with 1, 3, 10, ... written out."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    axes.xaxis.set_major_formatter(PLAIN)
    axes.minorticks_off()
