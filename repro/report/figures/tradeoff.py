"""Figures of error against sparsity: one panel each, from the fidelity table of one site."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator
from numpy.polynomial import Polynomial

from repro.contract.evidence import Table
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
from repro.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    SKY,
    VERMILLION,
    legend_above,
    panel,
)

L0 = SumRatio("active", "n_tokens")
FVU = SumRatio("squared_error", "variance")
FVU_NORMALISED = SumRatio("squared_error_normalised", "variance_normalised")

L0_LABEL = "L0: active units per token (log scale)"
FVU_LABEL = "FVU: share of variance unexplained"
CUBIC = 3
WIDTH_OF_GRID = 2.0
"""Width at which methods are compared and alpha is varied."""
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


class Line(NamedTuple):
    """How a series is told apart: by colour, marker and dash, and never by colour alone."""

    label: str
    colour: str
    marker: str
    dash: str = "-"
    knob: str = "k"


METHODS: Mapping[str, Line] = {
    "sae": Line("sparse autoencoder", VERMILLION, "o", knob="alpha"),
    "sae_random_decoder": Line("SAE, frozen random decoder", PURPLE, "D", "--"),
    "pca_topk": Line("PCA, top k per token", BLUE, "s"),
    "pca_static": Line("PCA, first k", SKY, "^", "--"),
    "neurons_topk": Line("neurons, top k", GREEN, "v", "-."),
    "random_topk": Line("random directions, top k", GREY, "x", ":"),
}
TRAINERS: Mapping[str, Line] = {
    "sae": METHODS["sae"],
    "sae_standard": Line("ours, own encoder and bias", PURPLE, "D", "--", "alpha"),
    "saelens_standard": Line("SAELens, L1", BLUE, "s", knob="alpha"),
    "saelens_topk": Line("SAELens, TopK", GREEN, "v", "-."),
    "pca_topk": Line("PCA, top k per token", GREY, "x", ":"),
}
"""The trained dictionaries beside those of the field's own trainer."""
WIDTHS: Mapping[float, Line] = {
    0.5: Line("R = 0.5", GREY, "x", ":"),
    1.0: Line("R = 1", SKY, "^", "--"),
    2.0: Line("R = 2", VERMILLION, "o"),
    4.0: Line("R = 4", BLUE, "s", "-."),
}


def tradeoff(table: Table, y: SumRatio = FVU, ylabel: str = FVU_LABEL) -> Figure:
    """FVU against L0, every method: a thin line a seed, a strong one for all seeds together."""
    return _by_method(table, METHODS, y, ylabel)


def tradeoff_normalised(table: Table) -> Figure:
    """The same with each coordinate divided by its own variance, so that no outlier rules."""
    return tradeoff(table, FVU_NORMALISED, "FVU, coordinates weighted alike")


def frontier(table: Table) -> Figure:
    """FVU against L0 of our dictionaries, of the field's own trainer, and of PCA's best."""
    return _by_method(table, TRAINERS, FVU, FVU_LABEL)


def trained_and_frozen(table: Table) -> Figure:
    """FVU against L0 of the trained dictionary and of the one whose decoder stayed random."""
    methods = ("sae", "sae_random_decoder", "random_topk")
    return _by_method(table, {name: METHODS[name] for name in methods}, FVU, FVU_LABEL)


def smoothness(table: Table) -> Figure:
    """The curve on logarithmic axes, its cubic fit, and the residual of each point as a bar."""
    rows = above(select(table, method="sae", expansion_factor=WIDTH_OF_GRID), "alpha", 0)
    points = curve(rows, "alpha", L0, FVU)
    figure, axes = panel(L0_LABEL, "FVU (log scale)")
    line = METHODS["sae"]
    _draw(axes, seed_curves(rows, "alpha", L0, FVU), line, thin=True)
    if len(points.x) > CUBIC:
        at = np.geomspace(points.x.min(), points.x.max(), 100)
        cubic = Polynomial.fit(np.log(points.x), np.log(points.y), CUBIC)
        axes.plot(at, np.exp(cubic(np.log(at))), color=BLUE, dashes=(4, 2), label="cubic in ln L0")
        fitted = np.exp(cubic(np.log(points.x)))
        axes.vlines(points.x, fitted, points.y, color=GREY, linewidth=3, label="residual")
    axes.plot(points.x, points.y, line.marker, color=line.colour, label=line.label)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(PLAIN)
    return _finish(figure, axes)


def by_width(table: Table) -> Figure:
    """FVU against L0, one curve an R: where they coincide, a larger dictionary adds nothing."""
    rows = above(select(table, method="sae"), "alpha", 0)
    figure, axes = panel(L0_LABEL, FVU_LABEL)
    for width, some in groups(rows, "expansion_factor"):
        line = WIDTHS.get(width, Line(f"R = {width:g}", GREEN, "v"))
        _draw(axes, curve(some, "alpha", L0, FVU), line)
        _draw(axes, seed_curves(some, "alpha", L0, FVU), line, thin=True)
    return _finish(figure, axes)


def _by_method(table: Table, lines: Mapping[str, Line], y: SumRatio, ylabel: str) -> Figure:
    figure, axes = panel(L0_LABEL, ylabel)
    for method in methods_present(table, tuple(lines)):
        line, rows = lines[method], select(table, method=method)
        if line.knob == "alpha":
            rows = above(select(rows, expansion_factor=WIDTH_OF_GRID), "alpha", 0)
        if len(rows):
            _draw(axes, curve(rows, line.knob, L0, y), line)
            _draw(axes, seed_curves(rows, line.knob, L0, y), line, thin=True)
    axes.set_ylim(bottom=0)
    return _finish(figure, axes)


def _draw(axes: Axes, points: Curve, line: Line, *, thin: bool = False) -> None:
    look: dict[str, Any] = {"color": line.colour, "linestyle": line.dash, "marker": line.marker}
    if thin:
        axes.plot(points.x, points.y, **look, linewidth=0.5, markersize=2, alpha=0.6)
    else:
        axes.plot(points.x, points.y, **look, label=line.label)


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
