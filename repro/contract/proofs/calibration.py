"""What a calibration found, and how a report looks a claim up in it."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Errors = Literal[
    "normal", "loud_seeds", "skewed_up", "skewed_down", "heavy", "tied", "tiny", "one_row"
]
"""Shapes of error. `loud_seeds` is normal with four times the seed effect: three seeds can look
that much more alike than they are. `tiny` and `one_row` are normal with too little evidence."""

SLACK = 1.5
"""The upper bound of an error rate may be this many times the stated level."""

Kind = Literal["exceeds", "within", "monotone", "dominates", "smooth", "all"]


class Frozen(BaseModel):
    """Base: strict, frozen, closed, finite."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Rate(Frozen):
    """How often something happened in draws, with 95 % bounds (Clopper and Pearson)."""

    count: int
    """Draws in which it happened."""
    draws: int = Field(gt=0)
    """Draws made."""
    lower: float
    """Lower end of the two-sided 95 % interval of the share."""
    upper: float
    """Upper end of the two-sided 95 % interval of the share."""

    @property
    def share(self) -> float:
        """Share of the draws: count / draws."""
        return self.count / self.draws


class AtEdge(Frozen):
    """Draws on one boundary of a claim under one shape of error."""

    edge: str
    """Which condition is just met, in words."""
    errors: Errors
    """Shape of the errors."""
    supported: Rate
    """Verdicts `supported`: false ones, since the claim is only just not true."""
    refuted: Rate
    """Verdicts `refuted`: false ones, since the claim is only just not false."""
    unjudged: int
    """Draws without a verdict on the claim: no row was left, or a ratio had no value."""


class Power(Frozen):
    """Share of verdicts `supported` where the truth is this far inside the claim."""

    effect: float
    """Distance of the truth from the boundary, in the unit of the curve."""
    supported: Rate
    """Verdicts `supported`."""


class PowerCurve(Frozen):
    """What a check sees beyond one boundary, with normal errors at the real sizes."""

    edge: str
    """Which condition the effect is about."""
    unit: str
    """Unit of the effect."""
    points: list[Power]
    """Rising in the effect, from 0."""
    smallest_effect: float | None
    """Effect at which 80 % of verdicts are `supported`, interpolated; none if never reached."""


class ErrorRates(Frozen):
    """The worst boundary of a claim under one shape of error."""

    errors: Errors
    """Shape of the errors."""
    false_support: Rate
    """Rate at the boundary where it is highest."""
    false_refute: Rate
    """Rate at the boundary where it is highest."""
    within_bound: bool
    """Whether both upper bounds are at most 1.5 times the level."""
    is_broken: bool
    """Whether the lower bound of either rate is above the level: too many errors, beyond chance."""

    @classmethod
    def at_worst(cls, edges: Sequence[AtEdge], level: float) -> "ErrorRates":
        """The rates of the boundaries where they are highest, all under one shape of error."""
        support = max((one.supported for one in edges), key=lambda rate: rate.upper)
        refute = max((one.refuted for one in edges), key=lambda rate: rate.upper)
        return cls(
            errors=edges[0].errors,
            false_support=support,
            false_refute=refute,
            within_bound=max(support.upper, refute.upper) <= SLACK * level,
            is_broken=max(support.lower, refute.lower) > level,
        )


class Subject(Frozen):
    """A check that was calibrated, and what it states."""

    id: str
    """Id of the claim."""
    control: str | None
    """Name of the control whose check this is; none for the claim's own check."""
    kinds: list[Kind]
    """Kinds of rule that the check joins."""
    level: float
    """Stated rate of false support, and of false refutation: (1 - confidence) / 2."""
    bound: float
    """Largest upper bound allowed: 1.5 times the level."""
    unreachable: list[str]
    """Boundaries on which the claim's other conditions cannot hold."""


class ClaimCalibration(Subject):
    """How far one claim's check can be trusted, and what it can see."""

    rates: list[ErrorRates]
    """One for each shape of error, `normal` first."""
    edges: list[AtEdge]
    """All boundaries that were drawn at."""
    curves: list[PowerCurve]
    """Power beyond each single condition, the most telling one first."""

    @property
    def normal(self) -> ErrorRates:
        """The rates with normal errors at the real sizes."""
        return self.rates[0]

    @property
    def false_support(self) -> Rate:
        """False support with normal errors at the real sizes."""
        return self.normal.false_support

    @property
    def false_refute(self) -> Rate:
        """False refutation with normal errors at the real sizes."""
        return self.normal.false_refute

    @property
    def draws(self) -> int:
        """Draws at each boundary with normal errors."""
        return self.false_support.draws

    @property
    def smallest_effect(self) -> float | None:
        """Smallest effect seen in 80 % of draws, on the first condition."""
        return self.curves[0].smallest_effect if self.curves else None

    @property
    def unit(self) -> str:
        """Unit of the smallest effect."""
        return self.curves[0].unit if self.curves else ""

    @property
    def other_errors(self) -> str:
        """One sentence on false support when errors are not normal or evidence is too little."""
        others = [one for one in self.rates if one.errors != "normal"]
        broken = [one for one in others if one.false_support.lower > self.level]
        if broken:
            told = ", ".join(f"{WORDS[one.errors]} {one.false_support.share:.1%}" for one in broken)
            return f"False support is above the stated {self.level:.1%} with {told}."
        worst = max(others, key=lambda one: one.false_support.share)
        return (
            f"With other errors false support is at most {worst.false_support.share:.1%} "
            f"({WORDS[worst.errors]})."
        )


class KindSummary(Frozen):
    """The worst rates of all checks that use one kind of rule, with normal errors."""

    kind: Kind
    """Kind of rule."""
    subjects: list[str]
    """Claims (or controls) that use it."""
    false_support: Rate
    """The highest."""
    false_refute: Rate
    """The highest."""
    within_bound: bool
    """Whether all of them are."""


class Circumstances(Frozen):
    """What was calibrated, where and when, and what came of it over all claims."""

    date: str
    """Day of the run."""
    machine: str
    """What it ran on."""
    versions: dict[str, str]
    """Python and the packages that numbers depend on."""
    evidence: dict[str, str]
    """SHA-256 of each table that sizes and noise were taken from."""
    seed: int
    """Seed of all draws."""
    draws: dict[str, int]
    """Draws at a boundary: normal errors, other errors; and at a point of a power curve."""
    kinds: list[KindSummary]
    """One for each kind of rule."""
    unplaced: dict[str, list[str]]
    """Checks none of whose boundaries this evidence can be moved to, and those boundaries."""


class Calibration(Circumstances):
    """All claims on one folder of evidence."""

    claims: list[ClaimCalibration]
    """In the order of the claims; controls after their claim."""

    def of(self, claim_id: str) -> ClaimCalibration | None:
        """The calibration of a claim's own check; none if it was not calibrated."""
        own = (one for one in self.claims if one.control is None)
        return next((one for one in own if one.id == claim_id), None)

    @property
    def broken(self) -> list[str]:
        """Claims whose check errs too often with normal errors at real sizes."""
        return [name_of(one) for one in self.claims if not one.normal.within_bound]


WORDS: dict[Errors, str] = {
    "normal": "normal errors",
    "loud_seeds": "seeds four times as noisy",
    "skewed_up": "errors skewed upwards",
    "skewed_down": "errors skewed downwards",
    "heavy": "heavy-tailed errors",
    "tied": "tied values",
    "tiny": "two seeds and two documents",
    "one_row": "one row",
}
"""Shapes of error in a reader's words."""


def name_of(one: Subject) -> str:
    """Claim id, and the control where it is one."""
    return f"{one.id} (control: {one.control})" if one.control else one.id
