"""Figures of the units of dictionaries: alive, dead, duplicated, found again with another seed."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.report.figures.curves import SumRatio, above, curve, groups, seed_curves, select
from repro.report.figures.palette import LEVELS, METHODS, Look
from repro.report.figures.style import GREY, legend_above, panel
from repro.report.figures.tradeoff import R_OF_GRID

ALPHA_LABEL = "α: L1 coefficient"
_PAIRS = 1 << 20
"""More than any seed, so that a pair of seeds is one number."""


def alive_by_r(table: Table) -> Figure:
    """Alive share against R: a thin grey line an α, a strong one for all α above 0 together."""
    rows = above(select(table, method="sae"), "alpha", 0)
    figure, axes = panel("R: dictionary size over dimension", "share of features alive")
    share = SumRatio("n_alive", "n_features")
    for i, (_, some) in enumerate(groups(rows, "alpha")):
        points = curve(some, "expansion_factor", None, share)
        label = "one α" if i == 0 else None
        axes.plot(points.x, points.y, color=GREY, marker=".", linewidth=0.7, label=label)
    points = curve(rows, "expansion_factor", None, share)
    axes.plot(points.x, points.y, **METHODS["sae"].pointed, label=METHODS["sae"].label)
    axes.set_xscale("log", base=2)
    axes.set_xticks(points.x, [f"{width:g}" for width in points.x])
    axes.set_ylim(0, 1.03)
    legend_above(figure, axes)
    return figure


def dead_by_alpha(table: Table) -> Figure:
    """Share of features that are not alive, against α."""
    rows = select(table, method="sae", expansion_factor=R_OF_GRID)
    dead = rows.columns["n_features"] - rows.columns["n_alive"]
    figure, axes = panel(ALPHA_LABEL, "share of features dead or too rare")
    series = [(METHODS["sae"], SumRatio("dead", "n_features"))]
    return _against_alpha(figure, axes, rows.replace(dead=dead), series)


def duplicates_by_alpha(table: Table) -> Figure:
    """Share of alive features with a near copy, and the same in a random dictionary."""
    rows = select(table, method="sae", expansion_factor=R_OF_GRID)
    figure, axes = panel(ALPHA_LABEL, "share of alive features duplicated")
    series = [
        (METHODS["sae"], SumRatio("n_duplicated", "n_alive")),
        (METHODS["random"], SumRatio("n_duplicated_null", "n_alive")),
    ]
    return _against_alpha(figure, axes, rows, series)


def agreement_by_alpha(table: Table) -> Figure:
    """Share of features that another seed found too, with the random null and a perfect match."""
    figure, axes = panel(ALPHA_LABEL, "share matched at cosine 0.7")
    share = SumRatio("n_matched", "n_features")
    for method in ("permuted", "sae", "random"):
        look = METHODS[method]
        rows = select(table, method=method, expansion_factor=R_OF_GRID)
        if not len(rows):
            continue
        _against_alpha(figure, axes, rows, [(look, share)], legend=False)
        pair = rows.columns["seed_a"] * _PAIRS + rows.columns["seed_b"]
        thin = seed_curves(rows.replace(pair=pair), "alpha", None, share, by="pair")
        axes.plot(thin.x, thin.y, color=look.colour, linewidth=0.5, alpha=0.6)
    axes.set_ylim(-0.03, 1.05)
    legend_above(figure, axes)
    return figure


def shrinkage_by_alpha(table: Table) -> Figure:
    """How much longer the activation is than its reconstruction, against α; 1 is no shrinkage."""
    rows = select(table, method="sae", expansion_factor=R_OF_GRID)
    figure, axes = panel(ALPHA_LABEL, "shrinkage ⟨x, x̂⟩ / ⟨x̂, x̂⟩")
    ratio = SumRatio("x_dot_reconstruction", "reconstruction_dot_reconstruction")
    axes.axhline(1, **LEVELS["one"].stroke, label=LEVELS["one"].label)
    return _against_alpha(figure, axes, rows, [(METHODS["sae"], ratio)])


def refit_by_alpha(table: Table) -> Figure:
    """Share of the squared error that least-squares codes on the same active units take away."""
    rows = select(table, method="sae", expansion_factor=R_OF_GRID)
    gain = rows.columns["squared_error_before"] - rows.columns["squared_error_after"]
    figure, axes = panel(ALPHA_LABEL, "share of error removed by refitting")
    series = [(METHODS["sae"], SumRatio("gain", "squared_error_before"))]
    return _against_alpha(figure, axes, rows.replace(gain=gain), series)


def _against_alpha(
    figure: Figure,
    axes: Axes,
    rows: Table,
    series: Sequence[tuple[Look, SumRatio]],
    *,
    legend: bool = True,
) -> Figure:
    for look, ratio in series:
        points = curve(rows, "alpha", None, ratio)
        axes.plot(points.x, points.y, **look.pointed, label=look.label)
        if "seed" in rows.columns:
            thin = seed_curves(rows, "alpha", None, ratio)
            axes.plot(thin.x, thin.y, color=look.colour, linewidth=0.5, alpha=0.6)
    _alpha_axis(axes, np.unique(rows.columns["alpha"]))
    if legend:
        legend_above(figure, axes)
    return figure


def _alpha_axis(axes: Axes, values: np.ndarray) -> None:
    """Logarithmic above the smallest α, with α = 0 in its place at the left."""
    positive = values[values > 0]
    if not len(positive):
        return
    axes.set_xscale("symlog", linthresh=float(positive[0]), linscale=0.6)
    every_other = np.append(values[:1], values[:0:-2][::-1])
    labels = [f"{value:.1e}".replace("e-0", "e-") if value else "0" for value in every_other]
    axes.set_xticks(every_other, labels)
    axes.minorticks_off()
