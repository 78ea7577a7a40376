"""What goes into the figure of all verdicts, and what any figure becomes; no drawing here."""

from typing import NamedTuple


class Drawn(NamedTuple):
    """One figure of a claim, as an SVG element."""

    name: str
    """Name of its file, and prefix of the ids inside it."""
    claim: str
    """Claim that it shows; empty where it shows all."""
    caption: str
    """What is seen, for every reader."""
    svg: str
    """The `<svg>` element."""


class ForestRow(NamedTuple):
    """How a claim stands to its threshold: 0 is the threshold, above 0 speaks for the claim."""

    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""
    estimate: float
    """Point estimate."""
    joint: tuple[float, float] | None
    """The interval that holds jointly over all conditions, where there are several."""
