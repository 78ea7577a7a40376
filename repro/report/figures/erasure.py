"""Figures of erasure: what is left of the task, and what other text pays for it."""

from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.report.figures.curves import SumRatio, methods_present, select
from repro.report.figures.palette import ERASED, METHODS
from repro.report.figures.style import GREY, legend_above, panel

KL = SumRatio("kl", "n_tokens")
LOST = SumRatio("score_lost", "score_above_chance")
LEVELS = ("quarter", "half", "three_quarters")


def kl_by_loss(scores: Table, text: Table) -> Figure:
    """KL on other text against the part of the score above chance that is lost."""
    figure, axes = panel("part of the score above chance that is lost", "KL on text, nats a token")
    asked = select(scores, task="gender")
    for method in methods_present(text, ERASED):
        look = METHODS[method]
        x = [LOST.of(select(asked, method=method, lost=lost)) for lost in LEVELS]
        y = [KL.of(select(text, method=method, lost=lost)) for lost in LEVELS]
        axes.plot(x, y, **look.pointed, label=look.label, linewidth=1.2)
    axes.set_yscale("log")
    legend_above(figure, axes)
    return figure


def loss_by_task(scores: Table, text: Table) -> Figure:
    """What a whole erasure takes from the task it was fitted on, and from another."""
    methods = methods_present(text, ERASED)
    figure, axes = panel("part of the score that is lost", "")
    once = select(scores, lost="once")
    for told, task, marker, shift in (
        ("gender", "gender", "o", -0.12),
        ("pronoun", "pronoun", "d", 0.12),
    ):
        for place, method in enumerate(methods):
            x = LOST.of(select(once, method=method, task=task))
            name = told if place == 0 else None
            colour = METHODS[method].colour
            axes.plot(x, place + shift, marker, color=colour, markersize=5, label=name)
    axes.axvline(0, color=GREY, linewidth=0.6)
    axes.set_yticks(range(len(methods)), [METHODS[method].label for method in methods])
    axes.invert_yaxis()
    figure.subplots_adjust(left=0.44)
    legend_above(figure, axes)
    return figure
