"""The little forest plot of one decision: interval, estimate and threshold on one line."""

from math import ceil, floor, log10
from typing import Literal, NamedTuple

from repro.report.figures.drawn import ForestRow
from repro.report.numbers import exact

Side = Literal["above", "below", "inside"]
"""Where the whole interval must lie for the condition to hold."""
_PAD = 0.10
_TICKS = 4
_EDGE = 15.0
"""Percent of the line within which a centred label might leave the page."""


class Tick(NamedTuple):
    """A labelled place on the line, in percent from the left."""

    at: float
    label: str

    @property
    def anchor(self) -> str:
        """Which way the label grows, so that it stays on the page."""
        if _EDGE <= self.at <= 100 - _EDGE:
            return "centred"
        return "from-left" if self.at < _EDGE else "from-right"


class Strip(NamedTuple):
    """Places in percent from the left, so that the drawing fits any page without scaling text."""

    low: float
    high: float
    estimate: float
    joint: tuple[float, float] | None
    thresholds: list[Tick]
    good: tuple[float, float] | None
    ticks: list[Tick]


def strip(
    estimate: float,
    interval: tuple[float, float],
    threshold: list[float],
    side: Side | None,
    joint: tuple[float, float] | None = None,
) -> Strip:
    """Lay one decision out on a linear axis that holds all its numbers."""
    places = [estimate, *interval, *threshold, *(joint or ())]
    left, right = _range(min(places), max(places))

    def percent(value: float) -> float:
        return round(100 * (value - left) / (right - left), 2)

    return Strip(
        low=percent(interval[0]),
        high=percent(interval[1]),
        estimate=percent(estimate),
        joint=(percent(joint[0]), percent(joint[1])) if joint else None,
        thresholds=[Tick(percent(value), exact(value)) for value in threshold],
        good=_good([percent(value) for value in threshold], side),
        ticks=[Tick(percent(value), exact(value)) for value in _ticks(left, right)],
    )


def standing(
    estimate: float,
    interval: tuple[float, float],
    threshold: float,
    side: Side,
    joint: tuple[float, float] | None = None,
) -> ForestRow:
    """Turn one decision and scale it to its own largest distance: claims differ in unit."""
    sign = -1.0 if side == "below" else 1.0
    places = [sign * (value - threshold) for value in (*interval, estimate, *(joint or ()))]
    scale = max(map(abs, places)) or 1.0
    first, second, middle, *ends = (place / scale for place in places)
    low, high = sorted((first, second))
    return ForestRow(low, high, middle, (min(ends), max(ends)) if ends else None)


def _range(low: float, high: float) -> tuple[float, float]:
    span = (high - low) or max(abs(low), 1.0) / 10
    return low - _PAD * span, high + _PAD * span


def _good(thresholds: list[float], side: Side | None) -> tuple[float, float] | None:
    if not thresholds or side is None:
        return None
    match side:
        case "above":
            return thresholds[0], 100.0
        case "below":
            return 0.0, thresholds[0]
        case "inside":
            return thresholds[0], thresholds[-1]


def _ticks(left: float, right: float) -> list[float]:
    """A few round numbers between the ends: steps of 1, 2 or 5 times a power of ten."""
    rough = (right - left) / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    return [step * i for i in range(ceil(left / step), floor(right / step) + 1)]
