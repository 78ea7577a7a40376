"""The histogram of a unit's activations, laid out for an inline SVG."""

from collections.abc import Sequence
from math import log10
from typing import NamedTuple

from repro.report.numbers import count, number

LEFT, RIGHT, TOP, BOTTOM = 44.0, 350.0, 26.0, 126.0
"""Edges of the panel within a drawing of 360 by 166."""
_APART = 18.0
"""Room that the label of a tick takes."""


class Bar(NamedTuple):
    """One bin, and what it says when it is pointed at."""

    x: float
    width: float
    y: float
    height: float
    says: str


class Tick(NamedTuple):
    """A labelled place on an axis."""

    at: float
    label: str


class Histogram(NamedTuple):
    """Bars and ticks in the drawing's own units, and the whole in words."""

    bars: list[Bar]
    x: list[Tick]
    y: list[Tick]
    says: str


def histogram(counts: Sequence[int], largest: float) -> Histogram | None:
    """Lay the counts out, heights as the logarithm of one more; None where there is nothing.

    Most activations are small: on a linear axis one bar would be all that is seen.
    """
    most = max(counts, default=0)
    if most <= 0 or largest <= 0:
        return None
    bins = len(counts)
    width = (RIGHT - LEFT) / bins
    edges = [number(largest * i / bins) for i in range(bins + 1)]
    bars = [
        Bar(
            x=round(LEFT + i * width, 1),
            width=round(0.9 * width, 1),
            y=_height(n, most),
            height=round(BOTTOM - _height(n, most), 1),
            says=f"{edges[i]} to {edges[i + 1]}: {count(n)}",
        )
        for i, n in enumerate(counts)
        if n > 0
    ]
    says = (
        f"Activations above zero from 0 to {number(largest)}, {count(sum(counts))} in {bins} bins"
    )
    return Histogram(
        bars, _values(largest), _powers(most), f"{says}; the fullest has {count(most)}"
    )


def _height(n: int, most: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * log10(1 + n) / log10(1 + most), 1)


def _values(largest: float) -> list[Tick]:
    return [
        Tick(LEFT + (RIGHT - LEFT) * share, number(largest * share)) for share in (0.0, 0.5, 1.0)
    ]


def _powers(most: int) -> list[Tick]:
    """Zero and those powers of ten up to the fullest bin whose labels have room."""
    ticks = [Tick(BOTTOM, "0")]
    for power in range(len(str(most))):
        at = _height(10**power, most)
        if ticks[-1].at - at >= _APART:
            ticks.append(Tick(at, count(10**power)))
    return ticks
