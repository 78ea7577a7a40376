"""Figures of the cause of an answer: KL against features patched, against the edit, and its floor.

The paper's figure 3, for every decomposition: lines are ratios of sums, bands reach from the
smallest to the largest of all seeds and draws of prompts.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.report.figures.curves import SumRatio, above, curve, groups, methods_present, select
from repro.report.figures.palette import LEVELS, LOCALISED, METHODS, UNPENALISED, Look
from repro.report.figures.style import GREY, legend_above, panel

KL = SumRatio("kl", "n")
FLOOR = SumRatio("kl_floor", "n")
EDIT = SumRatio("edit_norm", "norm")
SHIFT = SumRatio("logit_shift", "logit_shift_counterfactual")
KL_LABEL = "KL to the counterfactual output (nats)"
NONE_AT = 0.5
"""Where "none patched" stands on the logarithmic axis."""


def kl_by_number(table: Table) -> Figure:
    """KL against the number of features patched, chosen by attribution."""
    figure, axes = panel("features patched", KL_LABEL)
    for look, rows in series(papers_rows(table, "attribution")):
        _with_band(axes, look, rows, None)
    return _finished(figure, axes)


def kl_by_edit(table: Table) -> Figure:
    """KL against the size of the edit: the same runs, at which fewer need not mean smaller."""
    figure, axes = panel("size of the edit, over the activations' norm", KL_LABEL)
    for look, rows in series(papers_rows(table, "attribution")):
        _with_band(axes, look, rows, EDIT)
    axes.set_ylim(bottom=0)
    legend_above(figure, axes)
    return figure


def kl_by_number_of_elimination(table: Table) -> Figure:
    """KL against the features that elimination keeps: a thin line a seed, draw and order."""
    figure, axes = panel("features patched", KL_LABEL)
    for look, rows in series(papers_rows(table, "elimination")):
        for i, run in enumerate(_runs(rows)):
            points = curve(run, "n_patched", None, KL)
            axes.plot(
                np.maximum(points.x, NONE_AT),
                points.y,
                **look.pointed,
                linewidth=0.9,
                markersize=2.5,
                label=look.label if i == 0 else None,
            )
    return _finished(figure, axes)


def floor_by_alpha(table: Table) -> Figure:
    """KL with every feature patched, by penalty; thin lines are seeds."""
    rows = select(papers_rows(table, "attribution"), method="sae")
    figure, axes = panel("α: L1 coefficient", "KL with all features patched (nats)")
    alphas = np.unique(rows.columns["alpha"])
    places = np.arange(len(alphas))
    points = curve(rows, "alpha", None, FLOOR)
    look, clean, pca = METHODS["sae"], LEVELS["clean"], METHODS["pca"]
    axes.plot(places, points.y, **look.pointed, label=look.label)
    for _, of_seed in groups(rows, "seed"):
        thin = curve(of_seed, "alpha", None, FLOOR)
        at = np.searchsorted(alphas, thin.x)
        axes.plot(at, thin.y, color=look.colour, linewidth=0.5, alpha=0.6)
    axes.axhline(SumRatio("kl_clean", "n").of(rows), **clean.stroke, label=clean.label)
    # A basis of the whole space leaves nothing once all of it is patched.
    axes.axhline(0.0, **pca.stroke, label=pca.label)
    axes.set_xticks(places, [f"{alpha:.1e}".replace("e-0", "e-") for alpha in alphas])
    legend_above(figure, axes)
    return figure


def shift_by_method(table: Table) -> Figure:
    """How far an edit with a fixed number of features moves the answer; dots are draws."""
    rows = papers_rows(table, "attribution")
    figure, axes = panel("shift of the logit difference, share of the counterfactual's", "")
    # Random edits as long as those of other methods would only repeat the picture.
    chance = select(rows, method="random_edit", matched="sae")
    lines = [*series(rows), (METHODS["random_edit"], chance)]
    for place, (look, some) in enumerate(lines):
        axes.plot(SHIFT.of(some), place, color=look.colour, marker="D", linestyle="none")
        dots = [SHIFT.of(run) for run in _runs(some)]
        axes.plot(dots, [place] * len(dots), color=look.colour, marker=".", linestyle="none")
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    axes.axvline(1.0, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(lines)), [look.label for look, _ in lines])
    axes.invert_yaxis()
    figure.subplots_adjust(left=0.44)
    axes.xaxis.label.set_horizontalalignment("right")
    axes.xaxis.set_label_coords(1.0, -0.1)
    return figure


def papers_rows(table: Table, selection: str) -> Table:
    """The paper's corruption, features chosen one way."""
    return select(table, corruption="io", selection=selection)


def series(table: Table) -> Iterator[tuple[Look, Table]]:
    """The rows of each line: penalised dictionaries pooled, the one without penalty apart."""
    for method in methods_present(table, LOCALISED):
        rows = select(table, method=method)
        sparse = above(rows, "alpha", 0)
        if method != "sae":
            yield METHODS[method], rows
            continue
        if len(sparse):
            yield METHODS[method], sparse
        if len(sparse) < len(rows):
            yield UNPENALISED, select(rows, alpha=0.0)


def _runs(table: Table) -> Iterator[Table]:
    """The rows of each dictionary, draw and order."""
    keys = ("alpha", "seed", "draw", "order")
    for values in product(*(np.unique(table.columns[key]).tolist() for key in keys)):
        rows = select(table, **dict(zip(keys, values, strict=True)))
        if len(rows):
            yield rows


def _with_band(axes: Axes, look: Look, rows: Table, x: SumRatio | None) -> None:
    at, middle, low, high = [], [], [], []
    for count, some in groups(rows, "n_patched"):
        single = [KL.of(run) for run in _runs(some)]
        at.append(x.of(some) if x else max(count, NONE_AT))
        middle.append(KL.of(some))
        low.append(min(single))
        high.append(max(single))
    order = np.argsort(at, kind="stable")
    xs, ys, lows, highs = (np.array(values)[order] for values in (at, middle, low, high))
    axes.fill_between(xs, lows, highs, color=look.colour, alpha=0.08, linewidth=0)
    axes.plot(xs, ys, **look.stroke, label=look.label, linewidth=1.4)


def _finished(figure: Figure, axes: Axes) -> Figure:
    """A logarithmic axis of counts that begins with none."""
    axes.set_xscale("log")
    most = axes.get_xlim()[1]
    ticks = [NONE_AT, *(count for count in (1, 4, 16, 64, 256, 1024) if count < most)]
    axes.set_xticks(ticks, ["none", *(f"{count:d}" for count in ticks[1:])])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    legend_above(figure, axes)
    return figure
