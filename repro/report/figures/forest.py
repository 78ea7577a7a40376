"""The figure of all verdicts at once: how far each interval lies from its threshold."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from repro.report.figures.drawn import ForestRow
from repro.report.figures.style import BLUE, GREY, INK, legend_above, panel


def forest(labels: Sequence[str], rows: Sequence[ForestRow]) -> Figure:
    """One line a claim, each scaled to its own largest distance from the threshold."""
    figure, axes = panel("← against the claim · for the claim →", "")
    figure.set_size_inches(4.6, 1.2 + 0.3 * len(rows))
    height = figure.get_figheight()
    figure.subplots_adjust(left=0.29, bottom=0.5 / height)
    places = range(len(rows))
    axes.axvline(0, color=INK, linewidth=1.2)
    for i, row in enumerate(rows):
        if row.joint:
            label = "jointly over conditions" if i == 0 else None
            axes.plot(row.joint, (i, i), color=GREY, linewidth=1.2, label=label)
    axes.hlines(
        places,
        [row.low for row in rows],
        [row.high for row in rows],
        color=BLUE,
        linewidth=4,
        label="interval",
    )
    axes.plot([row.estimate for row in rows], places, "o", color=BLUE, label="estimate")
    axes.set_yticks(places, labels)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(-1.1, 1.1)
    axes.set_xticks([0], ["threshold"])
    axes.grid(visible=False, axis="y")
    legend_above(figure, axes, columns=3)
    figure.subplots_adjust(top=1 - 0.35 / height)
    return figure
