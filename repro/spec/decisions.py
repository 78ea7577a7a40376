"""The checks: a small closed union of decision rules, each a frozen piece of data."""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from repro.spec.quantities import Clusters, Ratio, Spec, Where


class Unpaired(Spec):
    """A family of units that the sides of a comparison need not share."""

    column: str
    """The family's column."""
    why: str = Field(min_length=1)
    """Why they cannot be the same on all sides."""


class Rule(Spec):
    """What all rules share: the table, the quantity, and the units that intervals resample."""

    reads: str
    """Table of evidence."""
    of: Ratio
    """Quantity that is judged."""
    where: tuple[Where, ...]
    """Rows that are judged (ours, where there are rivals)."""
    clusters: Clusters
    """Columns of independent units to leave out in turn: ("seed", "document"), ("seed",), or
    (("seed_a", "seed_b"),). A method without randomness has one seed: use ("document",) there."""
    min_clusters: int = Field(default=3, ge=1)
    """Units of each family below which any of the cells compared is too thin for a verdict."""
    unpaired: tuple[Unpaired, ...] = ()
    """Families of which the sides may have different units; seeds always may."""
    exact: str = ""
    """Why units that all agree leave no doubt, such as a number that holds by construction; empty
    where they might not have agreed: the judge then allows for chance."""

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A rule that does not say why is written as it was before it could."""
        later = ("unpaired", "exact")
        return {key: value for key, value in whole(self).items() if key not in later or value}


class Exceeds(Rule):
    """The quantity, or its difference from the same quantity on other rows, is above a margin.

    Supported where the whole interval lies above, refuted where it lies wholly below.
    """

    kind: Literal["exceeds"] = "exceeds"
    """Kind of check."""
    against: tuple[Where, ...] | None = None
    """Rows whose ratio is subtracted; none for a comparison with the margin alone."""
    margin: float
    """Smallest effect that counts, in the unit of the quantity."""


class Within(Rule):
    """The quantity lies in a band: equivalence.

    Supported where the interval lies inside (ends included), refuted where the wider one that is
    joint over both ends does not meet it.
    """

    kind: Literal["within"] = "within"
    """Kind of check."""
    low: float
    """Lower end of the band."""
    high: float
    """Upper end of the band."""


class Matched(Spec):
    """Compare curves at equal x: means over a common grid in ln x, through local parabolas."""

    x: Ratio
    """Quantity held equal, such as L0."""
    knob: str
    """Column whose values trace each curve, such as alpha."""


class Monotone(Rule):
    """The quantity rises, or falls, from each value of a column to the next.

    A step is the difference between neighbouring values, signed so that the claimed direction is
    positive. By the smallest step: supported where the interval of every step lies above the
    margin, refuted where the joint one of any lies wholly below. By the mean step: the same for
    their mean.
    """

    kind: Literal["monotone"] = "monotone"
    """Kind of check."""
    along: str
    """Column whose sorted values are walked."""
    direction: Literal["rising", "falling"]
    """Claimed direction."""
    by: Literal["smallest_step", "mean_step"]
    """Whether every single step must go that way, or their mean."""
    margin: float
    """Smallest step that counts, in the unit of the quantity."""
    matched: Matched | None = None
    """Compare at equal values of another quantity; none for a ratio over all rows of a value."""


class Rival(Spec):
    """One curve to be beaten."""

    name: str
    """What a reader calls it."""
    where: tuple[Where, ...]
    """Its rows."""
    knob: str
    """Column whose values trace its curve: alpha, or k."""


class Dominates(Rule):
    """Our curve lies below each rival's: smaller is better.

    For each rival: the mean of (rival - ours) over 16 points even in ln x on the range covered by
    both. Supported where every rival's interval lies above the margin, refuted where the joint one
    of any lies wholly below; the least favourable rival is reported.
    """

    kind: Literal["dominates"] = "dominates"
    """Kind of check."""
    x: Ratio
    """Quantity on the horizontal axis, such as L0."""
    knob: str
    """Column whose values trace our curve."""
    against: tuple[Rival, ...] = Field(min_length=1)
    """The rivals."""
    margin: float
    """Smallest gap that counts, in the unit of the quantity."""


SMOOTH_DEGREE = 3
"""Degree of the polynomial that a smooth curve is held against, in the rule and in its figure."""


class Smooth(Rule):
    """The curve has no knee: its points lie near a polynomial in ln x.

    Each point's distance from the least-squares polynomial is judged. Supported where the interval
    of every distance lies below the margin, refuted where the joint one of any lies wholly above.
    """

    kind: Literal["smooth"] = "smooth"
    """Kind of check."""
    x: Ratio
    """Quantity on the horizontal axis, such as L0."""
    knob: str
    """Column whose values trace the curve."""
    margin: float
    """Largest distance from the polynomial that still counts as smooth."""
    degree: int = Field(default=SMOOTH_DEGREE, ge=1)
    """Degree of the polynomial."""
    min_points: int = Field(default=6, ge=3)
    """Points below which a knee could hide."""


Decision = Annotated[Exceeds | Within | Monotone | Dominates | Smooth, Field(discriminator="kind")]


class All(Spec):
    """Several rules that must hold together.

    Refuted where any part is refuted, supported where all are, else inconclusive. One failed
    condition of several refutes, so the intervals that refute hold jointly (Bonferroni, over the
    contrasts of a part and over the parts); those that support need no correction.
    """

    kind: Literal["all"] = "all"
    """Kind of check."""
    parts: tuple[Decision, ...] = Field(min_length=2)
    """The rules, the most telling one first."""


Check = Annotated[
    Exceeds | Within | Monotone | Dominates | Smooth | All, Field(discriminator="kind")
]


def parts_of(check: Check) -> tuple[Decision, ...]:
    """The rules that a check joins; the check itself where it is a single rule."""
    return check.parts if isinstance(check, All) else (check,)
