"""Figures of interpretability: scores by method, by unit, by budget and by depth."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.judge.stats import Interval, family_of, intervals, jackknife, leave_out_sums
from repro.report.figures.curves import SumRatio, curve, groups, methods_present, select
from repro.report.figures.palette import METHODS, SCORED, UNIT_SCORES
from repro.report.figures.style import BLUE, GREEN, GREY, VERMILLION, legend_above, panel
from repro.report.figures.tradeoff import plain_log_x

SCORE = SumRatio("score", "n")
BEST_PLAIN = SumRatio("score_best_plain", "n")
BEST_TOPK = SumRatio("score_best_topk", "n")
SCORE_LABEL = "score: correlation with the rules"
READINGS = (
    ("units that do something", {"sampled": "effective", "rate": "own"}, "o"),
    ("living units", {"sampled": "alive", "rate": "own"}, "x"),
    ("at one firing rate", {"sampled": "effective", "rate": "matched"}, "d"),
)
"""Three readings of the same comparison, the one that is judged first."""
MOST_DOTS = 60
"""Units of a method that are drawn: more cover each other, and each costs a hundred bytes."""


def scores_by_method(table: Table) -> Figure:
    """Mean score of each method with its interval over seeds, features and text: figure 2."""
    return _by_method(table, "top_and_random")


def random_only_by_method(table: Table) -> Figure:
    """The same on random fragments that fire."""
    return _by_method(table, "random_only")


def _by_method(table: Table, variant: str) -> Figure:
    rows = select(table, variant=variant, scorer="rules")
    methods = methods_present(rows, SCORED)
    figure, axes = panel(SCORE_LABEL, "")
    for (label, reading, marker), colour in zip(READINGS, (VERMILLION, GREY, BLUE), strict=True):
        there = select(rows, **reading)
        for place, method in enumerate(methods):
            some = select(there, method=method)
            if not len(some) or not some.columns["n"].sum():
                continue
            found = interval_of(some)
            name = label if place == 0 else None
            at = place + 0.2 * (marker == "d") - 0.2 * (marker == "x")
            axes.plot(found.estimate, at, marker, color=colour, markersize=3.5, label=name)
            axes.plot([found.low, found.high], [at, at], color=colour, linewidth=0.9)
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    axes.set_yticks(range(len(methods)), [METHODS[method].label for method in methods])
    axes.invert_yaxis()
    figure.subplots_adjust(left=0.44)
    axes.xaxis.label.set_horizontalalignment("right")
    axes.xaxis.set_label_coords(1.0, -0.1)
    legend_above(figure, axes)
    return figure


def interval_of(rows: Table, confidence: float = 0.95) -> Interval:
    """The mean score and its interval over its three families."""
    return jackknifed(rows, ("score", "n"), ("seed", "feature_group", "text_block"), confidence)


def jackknifed(
    rows: Table, ratio: tuple[str, str], clusters: Sequence[str], confidence: float = 0.95
) -> Interval:
    """A ratio of sums and its interval, by the judge's own jackknife."""
    strata = np.zeros(len(rows), dtype=int)
    families = [family_of(name, [rows.columns[name]], strata) for name in clusters]
    families = [one for one in families if one.n_units > 1]
    sums = np.stack([rows.columns[name] for name in ratio], axis=1).astype(float)
    left = leave_out_sums(sums, strata, 1, families)[:, 0]
    found = jackknife(left[:, :1] / left[:, 1:], [one.n_groups for one in families])
    return intervals(found, confidence)[0]


def units_by_method(table: Table) -> Figure:
    """Scores of single units: a violin a method, dots for the quartiles."""
    rows = table.rows((table.columns["is_effective"] == 1) & (table.columns["is_scored"] == 1))
    methods = methods_present(rows, SCORED)
    figure, axes = panel("score of a unit", "")
    scores = [select(rows, method=method).columns["score"] for method in methods]
    drawn: dict[str, Any] = axes.violinplot(
        scores,
        range(len(methods)),
        orientation="horizontal",
        widths=0.85,
        showextrema=False,
        points=40,
    )
    for body in drawn["bodies"]:
        body.set_color(GREY)
    for place, (method, values) in enumerate(zip(methods, scores, strict=True)):
        quartiles = np.quantile(values, (0.25, 0.5, 0.75))
        look = METHODS[method]
        axes.plot(quartiles, [place] * 3, look.marker or ".", color=look.colour, linestyle="none")
    axes.set_yticks(range(len(methods)), [METHODS[method].label for method in methods])
    axes.invert_yaxis()
    figure.subplots_adjust(left=0.44)
    return figure


def score_by_density(table: Table) -> Figure:
    """Score of single units against the share of tokens on which they fire."""
    figure, axes = panel("share of tokens on which the unit fires (log scale)", "score of a unit")
    figure.subplots_adjust(left=0.17)
    _dots(axes, table, "density")
    plain_log_x(axes)
    legend_above(figure, axes)
    return figure


def score_by_kurtosis(table: Table) -> Figure:
    """Score of single units against the kurtosis of their activations (appendix C.4)."""
    figure, axes = panel("kurtosis of the unit's activations (log scale)", "score of a unit")
    figure.subplots_adjust(left=0.17)
    _dots(axes, table, "kurtosis")
    plain_log_x(axes)
    legend_above(figure, axes)
    return figure


def _dots(axes: Axes, table: Table, column: str) -> None:
    rows = table.rows((table.columns["is_effective"] == 1) & (table.columns["is_scored"] == 1))
    for method in methods_present(rows, UNIT_SCORES):
        some = select(rows, method=method)
        step = max(1, len(some) // MOST_DOTS)
        x, y = some.columns[column][::step], some.columns["score"][::step]
        look = METHODS[method]
        axes.plot(x, y, look.marker, color=look.colour, markersize=2.5, alpha=0.6, label=look.label)


def score_by_budget(table: Table) -> Figure:
    """Score against the rules that an explanation may have: a long one is a table of tokens."""
    figure, axes = panel("rules an explanation may have (log scale)", "mean score")
    figure.subplots_adjust(left=0.17)
    for method in methods_present(table, UNIT_SCORES):
        points = curve(select(table, method=method), "budget", None, SCORE)
        look = METHODS[method]
        axes.plot(points.x, points.y, **look.pointed, label=look.label)
    plain_log_x(axes)
    legend_above(figure, axes)
    return figure


def gain_by_layer(table: Table) -> Figure:
    """Score of the dictionary by depth, beside the best of either kind of baseline."""
    rows = select(table, sampled="effective", rate="own", scorer="rules", method="sae")
    figure, axes = panel("block of the language model", "mean score")
    figure.subplots_adjust(left=0.17)
    ours = METHODS["sae"]
    points = curve(rows, "layer", None, SCORE)
    axes.plot(points.x, points.y, **ours.pointed, label=ours.label)
    axes.set_xticks(points.x)
    for _, of_seed in groups(rows, "seed"):
        thin = curve(of_seed, "layer", None, SCORE)
        axes.plot(thin.x, thin.y, color=ours.colour, linewidth=0.5, alpha=0.6)
    for ratio, colour, label in (
        (BEST_PLAIN, BLUE, "best of the paper's"),
        (BEST_TOPK, GREY, "best, as wide and sparse"),
    ):
        best = curve(rows, "layer", None, ratio)
        axes.plot(best.x, best.y, "--", color=colour, label=label)
    axes.set_ylim(bottom=0)
    legend_above(figure, axes)
    return figure


def roc(table: Table) -> Figure:
    """Pure planted features against sums of two to five meanings: which score tells them apart."""
    figure, axes = panel("mixed features that score as high", "pure features that score as high")
    figure.subplots_adjust(left=0.17)
    scored = select(table, is_scored=1)
    pure = select(scored, n_meanings=1).columns["score"]
    looks = ((VERMILLION, "-"), (BLUE, "--"), (GREEN, "-."), (GREY, ":"))
    mixed = [(n, rows.columns["score"]) for n, rows in groups(scored, "n_meanings") if n > 1]
    for (n, scores), (colour, dash) in zip(mixed, looks, strict=False):
        false, true = rates(pure, scores)
        area = float(np.trapezoid(true, false))
        label = f"{n:g} meanings, area {area:.2f}"
        axes.plot(false, true, dash, color=colour, label=label)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.6)
    legend_above(figure, axes)
    return figure


def rates(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the negative and of the positive scores at or above each threshold, from 0 to 1.

    Joined by straight lines they are the ROC; the area below counts ties half.
    """
    thresholds = np.unique(np.concatenate([positive, negative]))[::-1]
    shares = [
        np.concatenate([[0.0], (scores[None, :] >= thresholds[:, None]).mean(axis=1)])
        for scores in (negative, positive)
    ]
    return shares[0], shares[1]


def validity(table: Table) -> Figure:
    """Score of planted features by their number of meanings, and with another's explanation."""
    figure, axes = panel("unrelated meanings of a planted feature", "mean score")
    figure.subplots_adjust(left=0.17)
    right = curve(table, "n_meanings", None, SCORE)
    wrong = curve(table, "n_meanings", None, SumRatio("score_shuffled", "n_shuffled"))
    axes.plot(right.x, right.y, "o-", color=VERMILLION, label="its own explanation")
    axes.plot(wrong.x, wrong.y, "x--", color=GREY, label="another feature's explanation")
    axes.set_xticks(right.x)
    axes.set_ylim(top=1.0)
    legend_above(figure, axes)
    return figure
