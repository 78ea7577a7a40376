"""Figures of the toy: how well planted features are found, by penalty and by expansion factor."""

import numpy as np
from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.report.figures.curves import SumRatio, curve, groups, seed_curves, select
from repro.report.figures.palette import METHODS, NEAREST
from repro.report.figures.style import legend_above, panel
from repro.report.figures.tradeoff import R_OF_GRID

MATCHED = SumRatio("cosine", "n_true")
MMCS = SumRatio("nearest_cosine", "n_true")


def recovery_by_alpha(table: Table) -> Figure:
    """One-to-one cosine and MMCS against α, between chance and the truth itself."""
    rows = select(table, expansion_factor=R_OF_GRID)
    figure, axes = panel("α: L1 coefficient", "mean cosine with the true features")
    trained = select(rows, method="sae")
    for look, ratio in ((METHODS["sae"], MATCHED), (NEAREST, MMCS)):
        points = curve(trained, "alpha", None, ratio)
        axes.plot(points.x, points.y, **look.pointed, label=look.label)
        thin = seed_curves(trained, "alpha", None, ratio)
        axes.plot(thin.x, thin.y, color=look.colour, linewidth=0.5, alpha=0.6)
    for method in ("truth", "random"):
        level = MATCHED.of(select(rows, method=method))
        axes.axhline(level, **METHODS[method].stroke, label=METHODS[method].label)
    alphas = np.unique(trained.columns["alpha"])
    axes.set_xscale("log")
    axes.set_xticks(alphas, [f"{alpha:.1e}".replace("e-0", "e-") for alpha in alphas])
    axes.minorticks_off()
    axes.set_ylim(-0.03, 1.05)
    legend_above(figure, axes)
    return figure


def recovery_by_alpha_and_r(table: Table) -> Figure:
    """Heat map of the one-to-one cosine over penalty and R, as in the post of the toy."""
    trained = select(table, method="sae")
    alphas, widths = (np.unique(trained.columns[name]) for name in ("alpha", "expansion_factor"))
    cells = np.full((len(widths), len(alphas)), np.nan)
    for row, (_, of_width) in enumerate(groups(trained, "expansion_factor")):
        for alpha, of_cell in groups(of_width, "alpha"):
            cells[row, int(np.searchsorted(alphas, alpha))] = MATCHED.of(of_cell)
    figure, axes = panel("α: L1 coefficient", "R: dictionary size over dimension")
    axes.grid(visible=False)
    # Cells are polygons: an image would be pixels of another file format inside the figure.
    axes.pcolormesh(cells, cmap="cividis", vmin=0, vmax=1, edgecolors="none")
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value):
            ink = "#ffffff" if value < 0.6 else "#000000"
            place = (column + 0.5, row + 0.5)
            axes.annotate(f"{value:.2f}", place, ha="center", va="center", color=ink)
    labels = [f"{alpha:.1e}".replace("e-0", "e-") for alpha in alphas]
    axes.set_xticks(np.arange(len(alphas)) + 0.5, labels)
    axes.set_yticks(np.arange(len(widths)) + 0.5, [f"{width:g}" for width in widths])
    return figure
