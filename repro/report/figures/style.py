"""How figures look, and how one becomes an SVG that is the same bytes every time."""

import io
import re
from collections.abc import Generator
from contextlib import contextmanager
from html import escape
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

_STANDALONE = (
    "<style>svg{color:#1b1f24}@media(prefers-color-scheme:dark){svg{color:#e6e6e6}}</style>"
)


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


def svg_of(figure: Figure, name: str, title: str) -> str:
    """The figure as one `<svg>` element that can stand in a page beside others.

    Its ids carry `name`, it is announced as an image called `title`, and what was drawn in `INK`
    takes the colour of the text around it.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    # The metadata hold the time of writing.
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg)
    svg = svg.replace(INK, "currentColor")
    svg = svg.replace("'DejaVu Sans'", "system-ui, sans-serif")
    svg = re.sub(
        r"\s*\n\s*", " ", re.sub(r"<!--.*?-->|<style.*?</style>", "", svg, flags=re.DOTALL)
    )
    svg = _shorter(svg, name)
    label = escape(title)
    return svg.replace("<svg ", f'<svg class="figure" role="img" aria-label="{label}" ', 1).replace(
        ">", f"><title>{label}</title>", 1
    )


_REFERENCES = re.compile(r'(?:url\(|href=")#([^")]*)')
_LONG = re.compile(r"(\.\d\d)\d+")
_MARKS = re.compile(
    r'<g([^>]*)> ((?:<use [^>]* style="([^"]*)"/> )(?:<use [^>]* style="\3"/> )+)</g>'
)


def _shorter(svg: str, name: str) -> str:
    """The same figure in half of the bytes.

    Places to a hundredth of a point; of a run of equal marks the group carries the style, which
    they inherit; names for the figure itself and for what is referred to, no others.
    """
    named = {*_REFERENCES.findall(svg)} | {f"{name}-figure_1"}
    svg = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in named else "", svg)
    svg = re.sub(r' (?:d|x|y|transform)="[^"]*"', lambda m: _LONG.sub(r"\1", m[0]), svg)
    return _MARKS.sub(_styled_once, svg)


def _styled_once(found: re.Match[str]) -> str:
    group, marks, look = found.groups()
    style = f' style="{look}"'
    return f"<g{group}{style}> {marks.replace(style, '')}</g>"


def standalone(svg: str) -> str:
    """The same element as a file of its own, light or dark by the reader's preference."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        + svg.replace("</title>", f"</title>{_STANDALONE}", 1)
        + "\n"
    )
