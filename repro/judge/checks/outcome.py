"""What a check came to: a status with the numbers and words that carry it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from repro.contract.verdict import Finding, Part, Status
from repro.judge.stats import Interval, Noise
from repro.spec.decisions import Decision, Exceeds
from repro.spec.words import describe

_BY_CHANCE = "yet by no more than one condition of several, or one end of a band, may by chance"


Side = Literal["above", "below", "inside"]
_SIDES: Mapping[str, Side] = {"smooth": "below", "within": "inside"}

NONE = Noise((), ())
"""Of a number that is exact."""


@dataclass(frozen=True)
class Contrast:
    """One number that must lie on the claimed side, and what a reader calls it.

    `interval` holds alone and supports; `joint` holds together with those of all other conditions
    of the claim and refutes, since any one of them may do so.
    """

    name: str
    interval: Interval
    joint: Interval
    noise: Noise = NONE
    n_joint: int = 1
    """Conditions with which the joint interval holds together."""

    def p_at(self, distance: float) -> float:
        """P-value of a distance on one side of the estimate, for this contrast alone."""
        return self.noise.p_at(distance)

    def joint_p_at(self, distance: float) -> float:
        """The same where any one of the joint conditions may be the one that fell."""
        return min(1.0, self.n_joint * self.noise.p_at(distance))

    def __str__(self) -> str:
        has = self.interval
        return f"{self.name} {has.estimate:.4g} [{has.low:.4g}, {has.high:.4g}]"


@dataclass(frozen=True)
class Outcome:
    """Result of a check; without an interval nothing was measured."""

    says: str
    status: Status
    reason: str
    unit: str
    threshold: tuple[float, ...]
    interval: Interval | None
    n: Mapping[str, int] = field(default_factory=dict[str, int])
    parts: tuple["Outcome", ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    joint: Interval | None = None
    """The interval of the deciding contrast that holds jointly with the other conditions."""
    side: Side | None = None
    """Where the interval must lie to support."""
    interpolation: float | None = None
    """How much of the half-width is the error of interpolating curves."""
    finding: Finding | None = None
    """What a refutation has found."""
    levels: Callable[[], "Levels"] = field(default=lambda: Levels(1.0, 1.0), compare=False)
    """Smallest levels at which it would be decided; asked for of claims, not of every control."""

    @property
    def p_supported(self) -> float:
        """Smallest level at which the check would be supported."""
        return self.levels().supported

    @property
    def p_refuted(self) -> float:
        """Smallest level at which it would be refuted."""
        return self.levels().refuted

    @property
    def p(self) -> float | None:
        """Smallest level at which anything would be decided; none where nothing was measured."""
        return min(self.p_supported, self.p_refuted) if self.is_measured else None

    @property
    def is_measured(self) -> bool:
        """Whether there is an interval."""
        return self.interval is not None

    def as_parts(self) -> list[Part]:
        """The conditions one by one, as the report reads them."""
        return [one._as_part() for one in self.parts or (self,)]

    def _as_part(self) -> Part:
        found = self.interval
        return Part(
            says=self.says,
            status=self.status,
            estimate=found.estimate if found else None,
            low=found.low if found else None,
            high=found.high if found else None,
            unit=self.unit,
            threshold=list(self.threshold),
            side=self.side,
            joint_low=self.joint.low if self.joint else None,
            joint_high=self.joint.high if self.joint else None,
            interpolation=self.interpolation,
        )


def unmeasured(check: Decision, why: str) -> Outcome:
    """Inconclusive, because nothing could be measured."""
    return _outcome(check, Status.INCONCLUSIVE, why, None)


def above(check: Decision, contrasts: Sequence[Contrast], margin: float) -> Outcome:
    """Every contrast must lie above the margin; the least favourable one is reported.

    An intersection-union rule: supported where all intervals lie above, which needs no correction
    for their number; refuted where any joint one lies wholly below; else inconclusive.
    """

    def levels() -> Levels:
        return Levels(
            max(one.p_at(one.interval.estimate - margin) for one in contrasts),
            min(one.joint_p_at(margin - one.interval.estimate) for one in contrasts),
        )

    lowest = min(contrasts, key=lambda one: one.interval.low)
    lowest_end = min(contrasts, key=lambda one: one.joint.high)
    if lowest_end.joint.high < margin:
        told = _told(check, Status.REFUTED, contrasts, lowest_end, f"is below {margin:g}", levels)
        return replace(told, finding=_finding(check, lowest_end))
    if lowest.interval.low > margin:
        return _told(check, Status.SUPPORTED, contrasts, lowest, f"is above {margin:g}", levels)
    side = f"is below {margin:g}, {_BY_CHANCE}"
    if lowest.interval.high >= margin:
        side = f"straddles {margin:g}"
    return _told(check, Status.INCONCLUSIVE, contrasts, lowest, side, levels)


def below(check: Decision, contrasts: Sequence[Contrast], margin: float) -> Outcome:
    """Every contrast must lie below the margin: the mirror image of `above`."""

    def levels() -> Levels:
        return Levels(
            max(one.p_at(margin - one.interval.estimate) for one in contrasts),
            min(one.joint_p_at(one.interval.estimate - margin) for one in contrasts),
        )

    highest = max(contrasts, key=lambda one: one.interval.high)
    highest_start = max(contrasts, key=lambda one: one.joint.low)
    if highest_start.joint.low > margin:
        return _told(
            check, Status.REFUTED, contrasts, highest_start, f"is above {margin:g}", levels
        )
    if highest.interval.high < margin:
        return _told(check, Status.SUPPORTED, contrasts, highest, f"is below {margin:g}", levels)
    side = f"is above {margin:g}, {_BY_CHANCE}"
    if highest.interval.low <= margin:
        side = f"straddles {margin:g}"
    return _told(check, Status.INCONCLUSIVE, contrasts, highest, side, levels)


def inside(check: Decision, found: Contrast, low: float, high: float) -> Outcome:
    """Equivalence: supported inside the band, ends included; refuted where joint misses it."""
    has, band = found.interval, f"[{low:g}, {high:g}]"
    is_inside = low <= has.low and has.high <= high
    nearest = min(has.estimate - low, high - has.estimate)

    def levels() -> Levels:
        return Levels(
            0.0 if is_inside and has.low == has.high else found.p_at(nearest),
            found.joint_p_at(max(low - has.estimate, has.estimate - high)),
        )

    if is_inside:
        return _told(check, Status.SUPPORTED, [found], found, f"lies inside {band}", levels)
    if found.joint.high < low or found.joint.low > high:
        return _told(check, Status.REFUTED, [found], found, f"lies outside {band}", levels)
    apart = has.high < low or has.low > high
    side = f"lies outside {band}, {_BY_CHANCE}" if apart else f"lies partly inside {band}"
    return _told(check, Status.INCONCLUSIVE, [found], found, side, levels)


def joined(parts: Sequence[Outcome]) -> Outcome:
    """Parts joined by *and*; the numbers are those of the first part that decides."""
    statuses = {part.status for part in parts}
    if Status.REFUTED in statuses:
        status = Status.REFUTED
    elif statuses == {Status.SUPPORTED}:
        status = Status.SUPPORTED
    else:
        status = Status.INCONCLUSIVE
    first = next(part for part in parts if part.status == status)

    def levels() -> Levels:
        found = [part.levels() for part in parts]
        return Levels(max(p.supported for p in found), min(p.refuted for p in found))

    reason = "; ".join(f"part {i} {one.status}: {one.reason}" for i, one in enumerate(parts, 1))
    return replace(first, reason=reason, parts=tuple(parts), levels=levels)


class Levels(NamedTuple):
    """The smallest levels at which a check would be decided either way."""

    supported: float
    refuted: float


def _finding(check: Decision, refuted: Contrast) -> Finding | None:
    """Whether a comparison came out the other way round, or merely too small."""
    if isinstance(check, Exceeds) and check.against is None:
        return None
    return (
        Finding.OPPOSITE if refuted.joint.high < min(0.0, *_threshold(check)) else Finding.SMALLER
    )


def _told(
    check: Decision,
    status: Status,
    contrasts: Sequence[Contrast],
    deciding: Contrast,
    side: str,
    levels: Callable[[], Levels],
) -> Outcome:
    others = [str(one) for one in contrasts if one is not deciding]
    more = f" (the others: {'; '.join(others)})" if others else ""
    told = _outcome(check, status, f"{deciding} {side}{more}", deciding.interval)
    joint = deciding.joint if deciding.n_joint > 1 else None
    contrasted = replace(
        told,
        contrasts=tuple(contrasts),
        joint=joint,
        interpolation=deciding.noise.error or None,
    )
    return replace(contrasted, levels=levels)


def _outcome(
    check: Decision,
    status: Status,
    reason: str,
    interval: Interval | None,
) -> Outcome:
    unit = check.of.unit if check.of.scale == "linear" else f"ln({check.of.name})"
    return Outcome(
        describe(check),
        status,
        reason,
        unit,
        _threshold(check),
        interval,
        side=_SIDES.get(check.kind, "above"),
    )


def _threshold(check: Decision) -> tuple[float, ...]:
    return (check.low, check.high) if check.kind == "within" else (check.margin,)
