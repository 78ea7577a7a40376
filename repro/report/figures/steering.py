"""Figures of steering: what a push makes the model say, and what that costs."""

from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.judge.stats import Interval
from repro.report.figures.curves import SumRatio, methods_present, select
from repro.report.figures.interpretability import jackknifed
from repro.report.figures.palette import METHODS, PUSHED
from repro.report.figures.style import BLUE, GREY, VERMILLION, legend_above, panel

RATE = SumRatio("n_with_keyword", "n")
LOSS = SumRatio("loss_steered", "n_tokens")
PLAIN = SumRatio("loss_plain", "n_tokens")
ALLOWED = SumRatio("loss_allowed", "n_tokens")
CHOSEN = (("drawn at random", "random", VERMILLION, "o"), ("purest labels", "best", BLUE, "d"))


def shift_by_method(table: Table) -> Figure:
    """Rise of the keywords' log-odds after a prompt, with its interval, at an equal cost."""
    return _by_method(table, "log_odds_shift", "rise of the keywords' log-odds, nats")


def rate_by_method(table: Table) -> Figure:
    """Share of continuations that have a keyword, with its interval, at an equal cost."""
    return _by_method(table, "n_with_keyword", "continuations with a keyword")


def _by_method(table: Table, column: str, label: str) -> Figure:
    rows = select(table, calibration="loss")
    methods = methods_present(rows, PUSHED)
    figure, axes = panel(label, "")
    for (told, chosen, colour, marker), shift in zip(CHOSEN, (-0.12, 0.12), strict=True):
        for place, method in enumerate(methods):
            some = select(rows, method=method, chosen=chosen)
            if not len(some):
                continue
            found = _interval(some, column)
            name, at = (told if place == 0 else None), place + shift
            axes.plot(found.estimate, at, marker, color=colour, markersize=4, label=name)
            axes.plot([found.low, found.high], [at, at], color=colour, linewidth=0.9)
    axes.axvline(0, color=GREY, linewidth=0.6)
    axes.set_yticks(range(len(methods)), [METHODS[method].label for method in methods])
    axes.invert_yaxis()
    figure.subplots_adjust(left=0.44)
    legend_above(figure, axes)
    return figure


def _interval(rows: Table, column: str) -> Interval:
    return jackknifed(rows, (column, "n"), ("seed", "feature", "prompt"))


def rate_by_loss(table: Table) -> Figure:
    """Keyword rate against the loss of what is written, under the untouched model."""
    rows = select(table, calibration="loss")
    figure, axes = panel("loss of what is written, nats a token", "continuations with a keyword")
    for method in methods_present(rows, PUSHED):
        look, here = METHODS[method], select(rows, method=method)
        axes.plot(
            LOSS.of(here), RATE.of(here), look.marker, color=look.colour, markersize=6,
            label=look.label,
        )  # fmt: skip
    for told, ratio, dash in (("untouched", PLAIN, ":"), ("allowed", ALLOWED, "--")):
        axes.axvline(ratio.of(rows), color=GREY, linestyle=dash, linewidth=1.0, label=told)
    legend_above(figure, axes)
    return figure
