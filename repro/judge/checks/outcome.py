"""What a check came to: a status with the numbers and words that carry it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from repro.contract.verdict import Part, Status
from repro.judge.stats import Interval
from repro.spec.decisions import Decision
from repro.spec.words import describe

_BY_CHANCE = "yet by no more than one condition of several, or one end of a band, may by chance"


@dataclass(frozen=True)
class Contrast:
    """One number that must lie on the claimed side, and what a reader calls it.

    `interval` holds alone and supports; `joint` holds together with those of all other conditions
    of the claim and refutes, since any one of them may do so.
    """

    name: str
    interval: Interval
    joint: Interval

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
    deciding: str = ""

    def interval_of(self, other: "Outcome") -> Interval | None:
        """This outcome's interval for the very contrast that `other` reports.

        A wider interval may make another contrast or part the deciding one, whose numbers would
        then stand beside an estimate that they do not belong to.
        """
        for part in self.parts or (self,):
            if part.says == other.says:
                return next((c.interval for c in part.contrasts if c.name == other.deciding), None)
        return None

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
        )


def unmeasured(check: Decision, why: str) -> Outcome:
    """Inconclusive, because nothing could be measured."""
    return _outcome(check, Status.INCONCLUSIVE, why, None)


def above(check: Decision, contrasts: Sequence[Contrast], margin: float) -> Outcome:
    """Every contrast must lie above the margin; the least favourable one is reported.

    An intersection-union rule: supported where all intervals lie above, which needs no correction
    for their number; refuted where any joint one lies wholly below; else inconclusive.
    """
    lowest = min(contrasts, key=lambda one: one.interval.low)
    lowest_end = min(contrasts, key=lambda one: one.joint.high)
    if lowest_end.joint.high < margin:
        return _told(check, Status.REFUTED, contrasts, lowest_end, f"is below {margin:g}")
    if lowest.interval.low > margin:
        return _told(check, Status.SUPPORTED, contrasts, lowest, f"is above {margin:g}")
    side = f"is below {margin:g}, {_BY_CHANCE}"
    if lowest.interval.high >= margin:
        side = f"straddles {margin:g}"
    return _told(check, Status.INCONCLUSIVE, contrasts, lowest, side)


def below(check: Decision, contrasts: Sequence[Contrast], margin: float) -> Outcome:
    """Every contrast must lie below the margin: the mirror image of `above`."""
    highest = max(contrasts, key=lambda one: one.interval.high)
    highest_start = max(contrasts, key=lambda one: one.joint.low)
    if highest_start.joint.low > margin:
        return _told(check, Status.REFUTED, contrasts, highest_start, f"is above {margin:g}")
    if highest.interval.high < margin:
        return _told(check, Status.SUPPORTED, contrasts, highest, f"is below {margin:g}")
    side = f"is above {margin:g}, {_BY_CHANCE}"
    if highest.interval.low <= margin:
        side = f"straddles {margin:g}"
    return _told(check, Status.INCONCLUSIVE, contrasts, highest, side)


def inside(check: Decision, found: Contrast, low: float, high: float) -> Outcome:
    """Equivalence: supported inside the band, ends included; refuted where joint misses it."""
    has, band = found.interval, f"[{low:g}, {high:g}]"
    if low <= has.low and has.high <= high:
        return _told(check, Status.SUPPORTED, [found], found, f"lies inside {band}")
    if found.joint.high < low or found.joint.low > high:
        return _told(check, Status.REFUTED, [found], found, f"lies outside {band}")
    apart = has.high < low or has.low > high
    side = f"lies outside {band}, {_BY_CHANCE}" if apart else f"lies partly inside {band}"
    return _told(check, Status.INCONCLUSIVE, [found], found, side)


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
    reason = "; ".join(f"part {i} {one.status}: {one.reason}" for i, one in enumerate(parts, 1))
    return replace(first, reason=reason, parts=tuple(parts))


def _told(
    check: Decision,
    status: Status,
    contrasts: Sequence[Contrast],
    deciding: Contrast,
    side: str,
) -> Outcome:
    others = [str(one) for one in contrasts if one is not deciding]
    more = f" (the others: {'; '.join(others)})" if others else ""
    told = _outcome(check, status, f"{deciding} {side}{more}", deciding.interval)
    return replace(told, contrasts=tuple(contrasts), deciding=deciding.name)


def _outcome(
    check: Decision,
    status: Status,
    reason: str,
    interval: Interval | None,
) -> Outcome:
    unit = check.of.unit if check.of.scale == "linear" else f"ln({check.of.name})"
    return Outcome(describe(check), status, reason, unit, _threshold(check), interval)


def _threshold(check: Decision) -> tuple[float, ...]:
    return (check.low, check.high) if check.kind == "within" else (check.margin,)
