"""Figures of what units do and what makes them fire: ablation, circuits, absorption."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.report.figures.curves import SumRatio, groups, methods_present, select
from repro.report.figures.palette import ABLATED, METHODS, SEARCHED
from repro.report.figures.style import BLUE, GREY, VERMILLION, legend_above, panel

FALL = SumRatio("fall", "activation")
TREES, BRANCHES = 4, 5
"""Targets of which a tree is drawn, and parents of each."""
LETTERS = 26
"""Characters of a label."""


def place_by_method(table: Table) -> Figure:
    """Place of the expected token among all by how far its log-probability falls; 1 falls most."""
    methods = methods_present(table, ABLATED)
    figure, axes = panel("place of the expected token", "")
    for at, method in enumerate(methods):
        rows, look = select(table, method=method).columns, METHODS[method]
        spread = at + 0.3 * (np.argsort(np.argsort(rows["place"], kind="stable")) % 5 / 2 - 1)
        axes.plot(rows["place"], spread, look.marker, color=look.colour, markersize=3.5, alpha=0.7)
    axes.set_xscale("log")
    axes.set_xlim(0.8, None)
    axes.set_yticks(range(len(methods)), [METHODS[method].label for method in methods])
    axes.invert_yaxis()
    figure.subplots_adjust(left=0.44)
    return figure


def loss_by_method(table: Table) -> Figure:
    """What ablation takes from the expected token beside what it costs all other predictions."""
    figure, axes = panel("rise of the loss elsewhere, nats a token", "fall of the token, nats")
    for method in methods_present(table, ABLATED):
        look, rows = METHODS[method], select(table, method=method)
        x = SumRatio("loss_rise", "n_other_tokens").of(rows)
        y = SumRatio("fall", "n_contexts").of(rows)
        axes.plot([x], [y], look.marker, color=look.colour, markersize=6, label=look.label)
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.axvline(0, color=GREY, linewidth=0.6)
    legend_above(figure, axes)
    return figure


def trees(table: Table) -> Figure:
    """Some targets with their parents, as tokens; a line is as wide as the part that it carries.

    The targets are spread evenly over all by what their first parent carries, so that none is
    picked for its beauty.
    """
    parents = select(table, is_parent=1)
    chosen = _spread(parents)
    height = 0.3 + 1.05 * len(chosen)
    figure = Figure(figsize=(4.6, height))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.99, bottom=0.01, hspace=0.12)
    panels = figure.subplots(len(chosen), 1, squeeze=False)[:, 0]
    for axes, rows in zip(panels, chosen, strict=True):
        _tree(axes, rows)
    return figure


def _spread(table: Table) -> list[Table]:
    """Targets from the one with the strongest parent to the one with the weakest."""
    found = [
        here
        for _, of_seed in groups(table, "seed")
        for _, here in groups(of_seed, "feature")
        if here.columns["says"][0]
    ]
    found.sort(key=lambda rows: -FALL.of(select(rows, rank=1)))
    steps = np.linspace(0, len(found) - 1, min(TREES, len(found))).round().astype(int)
    return [found[step] for step in steps]


def _tree(axes: Axes, rows: Table) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    order = np.argsort(rows.columns["rank"])[:BRANCHES]
    axes.set_ylim(-0.5, BRANCHES - 0.5)
    middle = (BRANCHES - 1) / 2
    for place, row in enumerate(order):
        share = float(rows.columns["fall"][row] / rows.columns["activation"][row])
        at = BRANCHES - 1 - place
        colour = VERMILLION if share > 0 else BLUE
        width = 0.4 + 5 * min(abs(share), 1.0)
        axes.plot([0.5, 0.62], [at, middle], color=colour, linewidth=width, solid_capstyle="butt")
        label = f"{_short(str(rows.columns['parent_says'][row]))}  {share:.0%}"
        axes.text(0.48, at, label, ha="right", va="center", fontsize=9)
    axes.text(
        0.64, middle, _short(str(rows.columns["says"][0])), ha="left", va="center", fontsize=9
    )


def _short(says: str) -> str:
    """A label that fits; a dollar sign would begin a formula."""
    cut = says if len(says) <= LETTERS else says[: LETTERS - 1] + "…"
    return cut.replace("$", r"\$")


def agreement(table: Table) -> Figure:
    """Fall of targets by exact ablation of a candidate against what attribution said."""
    figure, axes = panel("fall by attribution", "exact fall")
    rows = select(table, method="sae").columns
    x, y = (rows[one] / rows["activation"] for one in ("attributed", "fall"))
    ends = [min(x.min(), y.min()), max(x.max(), y.max())]
    axes.plot(ends, ends, color=GREY, linewidth=0.9, label="equal")
    for told, is_parent, colour, marker in (
        ("other candidates", 0, BLUE, "x"),
        ("parents", 1, VERMILLION, "o"),
    ):
        here = rows["is_parent"] == is_parent
        axes.plot(x[here], y[here], marker, color=colour, markersize=3.5, alpha=0.7, label=told)
    legend_above(figure, axes)
    return figure


def absorption_by_letter(table: Table) -> Figure:
    """Words of each letter that are absorbed, and those that its own latents miss."""
    rows = select(table, method="sae")
    letters = [str(one) for one, _ in groups(rows, "letter")]
    figure, axes = panel("first letter", "share of the words that are read")
    there = [select(rows, letter=letter) for letter in letters]
    for told, share, colour, marker in MISSED:
        axes.plot(range(len(letters)), share(there), marker, color=colour, label=told)
    axes.set_xticks(range(len(letters)), letters)
    axes.set_ylim(-0.02, 1.02)
    legend_above(figure, axes)
    return figure


def absorption_by_method(table: Table) -> Figure:
    """The same of every decomposition, all letters together."""
    methods = methods_present(table, SEARCHED)
    figure, axes = panel("share of the words that are read", "")
    there = [select(table, method=method) for method in methods]
    for told, share, colour, marker in MISSED:
        axes.plot(share(there), range(len(methods)), marker, color=colour, label=told)
    axes.set_yticks(range(len(methods)), [METHODS[method].label for method in methods])
    axes.set_xlim(-0.02, 1.02)
    axes.invert_yaxis()
    figure.subplots_adjust(left=0.44)
    legend_above(figure, axes)
    return figure


def _silent(tables: Sequence[Table]) -> list[float]:
    return [SumRatio("n_silent", "n_parent_expected").of(one) for one in tables]


def _absorbed(tables: Sequence[Table]) -> list[float]:
    return [1 - SumRatio("n_kept", "n_parent_expected").of(one) for one in tables]


MISSED = (
    ("no latent of its own fires", _silent, GREY, "x"),
    ("absorbed", _absorbed, VERMILLION, "o"),
)
"""What becomes of words, and how that is drawn."""
