"""How figures look."""

from collections.abc import Generator
from contextlib import contextmanager
from math import ceil
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the reader's text colour while drawing; no series may use it."""

VERMILLION, BLUE, SKY = "#d55e00", "#0072b2", "#3d9bd1"
GREEN, PURPLE, GREY = "#009e73", "#cc79a7", "#808080"
"""Okabe and Ito's colours (sky blue darkened, grey added): told apart by colour-blind readers, and
at least 3:1 against a white and against a near-black page."""

_RC: dict[Any, Any] = {
    "svg.hashsalt": "repro",
    # Text stays text: it can be searched, read aloud, and takes the font of the page. The layout
    # is measured with the font that matplotlib ships, so the bytes do not depend on the machine.
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "figure.figsize": (4.6, 3.5),
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.color": INK,
    "grid.alpha": 0.14,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "path.sketch": None,
}


@contextmanager
def style() -> Generator[None]:
    """Draw by these settings alone, whatever the reader's own matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


def panel(xlabel: str, ylabel: str) -> tuple[Figure, Axes]:
    """One empty panel, the size at which its text stays readable on a phone."""
    figure = Figure()
    figure.subplots_adjust(left=0.135, right=0.98, bottom=0.135, top=0.97)
    axes = figure.add_subplot()
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    return figure, axes


_LEGEND_LINE, _MOST_LINES = 0.058, 3
"""Share of a panel's height that a line takes, and lines for which the usual height is enough."""


def legend_above(figure: Figure, axes: Axes, columns: int = 2) -> None:
    """The legend in its own strip, so that it never covers a point.

    Room is made by counting its lines: matplotlib's own layout engines double the time to draw. A
    long legend makes the figure taller instead of its panel flat.
    """
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        lines = ceil(len(handles) / columns)
        usual = figure.get_figheight()
        height = usual * (1 + _LEGEND_LINE * max(0, lines - _MOST_LINES))
        figure.set_figheight(height)
        figure.subplots_adjust(
            bottom=figure.subplotpars.bottom * usual / height,
            top=1 - (0.05 + _LEGEND_LINE * lines) * usual / height,
        )
        figure.legend(
            handles, labels, loc="upper left", ncols=columns, handlelength=2.6, borderaxespad=0.1
        )
