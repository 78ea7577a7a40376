"""The word of one rule, from its numbers (section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from repro.second.noise import Number
from repro.second.ruling import PartRuling
from repro.spec.decisions import Decision, Exceeds, Smooth, Within

SUPPORTED, REFUTED, INCONCLUSIVE = "supported", "refuted", "inconclusive"
OPPOSITE, SMALLER = "the opposite", "smaller than what counts"

Interval = tuple[float, float]


@dataclass(frozen=True)
class Word:
    """What a rule came to, with all that the claim needs of it."""

    told: PartRuling
    """What is told of it."""
    p_for: float = 1.0
    """p⁺: the level at which it would be supported."""
    p_against: float = 1.0
    """p⁻: the level at which it would be refuted."""
    finding: str | None = None
    """What its refutation found, if it is refuted and a comparison."""


def word_of(rule: Decision, numbers: Sequence[Number], alpha: float, rules: int) -> Word:
    """The word of a rule.

    Args:
        rule: the rule.
        numbers: its numbers.
        alpha: 1 - confidence.
        rules: how many rules are joined by *and*.
    """
    m = len(numbers) * rules * (2 if isinstance(rule, Within) else 1)
    own = [_interval(rule, one, alpha) for one in numbers]
    joint = [_interval(rule, one, alpha / m) for one in numbers]
    status = _status(rule, own, joint)
    place = _refuting(rule, joint) if status == REFUTED else _weakest(rule, own)
    return Word(
        _told(rule, status, numbers[place], own[place], joint[place] if m > 1 else None),
        p_for=max(_p_for(rule, one) for one in numbers),
        p_against=min(min(1.0, m * _p_against(rule, one)) for one in numbers),
        finding=_finding(rule, joint[place]) if status == REFUTED else None,
    )


def _status(rule: Decision, own: Sequence[Interval], joint: Sequence[Interval]) -> str:
    if all(_supports(rule, one) for one in own):
        return SUPPORTED
    return REFUTED if any(_refutes(rule, one) for one in joint) else INCONCLUSIVE


def _told(
    rule: Decision, status: str, number: Number, own: Interval, joint: Interval | None
) -> PartRuling:
    """The θ that decides, as it is told: of smooth its size; of one number no joint interval."""
    return PartRuling(
        status=status,
        estimate=abs(number.theta) if isinstance(rule, Smooth) else number.theta,
        low=own[0],
        high=own[1],
        joint_low=joint[0] if joint else None,
        joint_high=joint[1] if joint else None,
        interpolation=number.error or None,
    )


def _interval(rule: Decision, number: Number, alpha: float) -> Interval:
    """θ with its half-width on both sides; for smooth folded at zero (section 4)."""
    half = number.half_width(alpha)
    low, high = number.theta - half, number.theta + half
    if not isinstance(rule, Smooth):
        return low, high
    if low <= 0.0 <= high:
        return 0.0, max(-low, high)
    return min(abs(low), abs(high)), max(abs(low), abs(high))


def _supports(rule: Decision, interval: Interval) -> bool:
    low, high = interval
    match rule:
        case Within():
            return rule.low <= low and high <= rule.high
        case Smooth():
            return high < rule.margin
        case _:
            return low > rule.margin


def _refutes(rule: Decision, joint: Interval) -> bool:
    low, high = joint
    match rule:
        case Within():
            return high < rule.low or low > rule.high
        case Smooth():
            return low > rule.margin
        case _:
            return high < rule.margin


def _refuting(rule: Decision, joint: Sequence[Interval]) -> int:
    """Place of the joint interval that lies, as a whole, farthest on the wrong side."""
    places = range(len(joint))
    if isinstance(rule, Smooth):
        return max(places, key=lambda place: joint[place][0])
    return min(places, key=lambda place: joint[place][1])


def _weakest(rule: Decision, own: Sequence[Interval]) -> int:
    """Place of the interval that reaches farthest to the wrong side, by its end nearest to it."""
    places = range(len(own))
    if isinstance(rule, Smooth):
        return max(places, key=lambda place: own[place][1])
    return min(places, key=lambda place: own[place][0])


def _finding(rule: Decision, joint: Interval) -> str | None:
    """What the refutation of a comparison found; none of a rule that is no comparison."""
    alone = isinstance(rule, Exceeds) and rule.against is None
    if alone or isinstance(rule, Within | Smooth):
        return None
    return OPPOSITE if joint[1] < min(0.0, rule.margin) else SMALLER


def _p_for(rule: Decision, number: Number) -> float:
    """The p of the distance into the claimed side (section 6)."""
    theta = number.theta
    match rule:
        case Within():
            inside = min(theta - rule.low, rule.high - theta)
            is_point = number.half_width(0.5) == 0.0
            return 0.0 if is_point and inside >= 0.0 else number.p_value(inside)
        case Smooth():
            return number.p_value(rule.margin - abs(theta))
        case _:
            return number.p_value(theta - rule.margin)


def _p_against(rule: Decision, number: Number) -> float:
    """The p of the distance into the wrong side (section 6)."""
    theta = number.theta
    match rule:
        case Within():
            return number.p_value(max(rule.low - theta, theta - rule.high))
        case Smooth():
            return number.p_value(abs(theta) - rule.margin)
        case _:
            return number.p_value(rule.margin - theta)
