"""Figures of single-meaning features: how well the best unit of each method fits a target."""

import numpy as np
from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.judge.stats import Interval
from repro.report.figures.curves import SumRatio, methods_present, select
from repro.report.figures.interpretability import jackknifed
from repro.report.figures.palette import METHODS, SEARCHED
from repro.report.figures.style import BLUE, GREY, VERMILLION, legend_above, panel

PRECISION = SumRatio("activation_on_target", "activation")
RECALL = SumRatio("n_fired_on_target", "n_target")
PURITY = SumRatio("purity", "n")
RATES = (("as they are", "own", VERMILLION, "o"), ("at one firing rate", "matched", BLUE, "d"))
LEVELS = 10
NAMED, LETTERS = 3, 8
"""Other tokens that are named beside a histogram, and letters that are shown of each."""


def precision_by_target(table: Table) -> Figure:
    """Share of the activation of the unit found that is on its target, for each target."""
    return _by_target(table, PRECISION, "precision, weighted by activation")


def recall_by_target(table: Table) -> Figure:
    """Share of the target's tokens on which the unit found fires, for each target."""
    return _by_target(table, RECALL, "recall")


def _by_target(table: Table, ratio: SumRatio, label: str) -> Figure:
    rows = select(table, rate="own")
    targets = list(dict.fromkeys(rows.columns["target"].tolist()))
    figure, axes = panel(label, "")
    for method in methods_present(rows, SEARCHED):
        there = select(rows, method=method)
        values = [ratio.of(select(there, target=target)) for target in targets]
        look = METHODS[method]
        places = range(len(targets))
        axes.plot(values, places, look.marker, color=look.colour, markersize=4, label=look.label)
    axes.set_yticks(range(len(targets)), [target.replace("_", " ") for target in targets])
    axes.invert_yaxis()
    axes.set_xlim(-0.02, 1.02)
    figure.subplots_adjust(left=0.36)
    legend_above(figure, axes)
    return figure


def purity_by_method(table: Table) -> Figure:
    """Share of a unit's activation that five tokens hold, with its interval."""
    methods = methods_present(table, SEARCHED)
    figure, axes = panel("activation on five tokens", "")
    for (label, rate, colour, marker), shift in zip(RATES, (-0.12, 0.12), strict=True):
        for place, method in enumerate(methods):
            some = select(table, rate=rate, method=method)
            if not len(some) or not some.columns["n"].sum():
                continue
            found = _interval(some)
            name, at = (label if place == 0 else None), place + shift
            axes.plot(found.estimate, at, marker, color=colour, markersize=3.5, label=name)
            axes.plot([found.low, found.high], [at, at], color=colour, linewidth=0.9)
    axes.set_yticks(range(len(methods)), [METHODS[method].label for method in methods])
    axes.invert_yaxis()
    figure.subplots_adjust(left=0.44)
    legend_above(figure, axes)
    return figure


def _interval(rows: Table) -> Interval:
    return jackknifed(rows, ("purity", "n"), ("seed", "feature_group", "text_block"))


def levels_by_method(table: Table) -> Figure:
    """How often the unit found fires at each level of its activation, on the target or not."""
    methods = methods_present(table, SEARCHED)
    height = 1.1 + 0.95 * len(methods)
    figure = Figure(figsize=(4.6, height))
    ends = {"bottom": 0.6 / height, "top": 1 - 0.5 / height}
    figure.subplots_adjust(left=0.135, right=0.98, hspace=0.75, **ends)
    panels = figure.subplots(len(methods), 1, squeeze=False)[:, 0]
    for axes, method in zip(panels, methods, strict=True):
        rows = select(table, method=method)
        on, off = (_counts(select(rows, is_on_target=which)) for which in (1, 0))
        axes.bar(range(LEVELS), on, color=VERMILLION, label="on the target")
        axes.bar(range(LEVELS), off, bottom=on, color=GREY, label="other tokens")
        others = _named(select(rows, is_on_target=0))
        axes.set_title(f"{METHODS[method].label}{others}", fontsize=9, loc="left")
        axes.set_xticks(range(LEVELS), [""] * LEVELS)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper left", ncols=2, borderaxespad=0.1)
    panels[-1].set_xticks(range(LEVELS), [f"{(n + 1) / LEVELS:g}" for n in range(LEVELS)])
    panels[-1].set_xlabel("activation over its largest, up to")
    return figure


def _counts(rows: Table) -> np.ndarray:
    return np.bincount(rows.columns["level"].astype(int), rows.columns["n"], LEVELS)


def _named(rows: Table) -> str:
    """The other tokens on which it fires most often, quoted; nothing where none has a name."""
    names = [one for one in dict.fromkeys(rows.columns["token"].tolist()) if one]
    often = {one: int(select(rows, token=one).columns["n"].sum()) for one in names}
    first = sorted(names, key=lambda one: (-often[one], one))[:NAMED]
    quoted = ", ".join(f"“{one.strip()[:LETTERS] or 'space'}”" for one in first)
    return f"; others {quoted}".replace("$", r"\$") if first else ""
