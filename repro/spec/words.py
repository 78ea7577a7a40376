"""A decision rule in words, as the report prints it."""

from typing import assert_never

from repro.spec.decisions import Check, Dominates, Exceeds, Monotone, Smooth, Within, parts_of
from repro.spec.quantities import Clusters, Ratio, Where


def describe(check: Check) -> str:
    """The rule in words: formula, rows, threshold, direction, and what the interval resamples."""
    return " And: ".join(_sentence(part) for part in parts_of(check))


def formula(ratio: Ratio) -> str:
    """The ratio as it is computed, such as `ln(sum a / sum b)`."""
    over, under = _difference(ratio.over, ratio.less), _difference(ratio.under, ratio.under_less)
    return f"ln({over} / {under})" if ratio.scale == "log" else f"{over} / {under}"


def quantity(ratio: Ratio) -> str:
    """The name of what is compared: FVU, or ln FVU on a logarithmic scale."""
    return f"ln {ratio.name}" if ratio.scale == "log" else ratio.name


def rows(where: tuple[Where, ...]) -> str:
    """The selection in words: site = middle, alpha > 0, alpha at its smallest."""
    return ", ".join(_condition(one) for one in where) or "all rows"


def unlike(where: tuple[Where, ...], against: tuple[Where, ...]) -> str:
    """What rows are compared with, by the conditions that the others do not meet."""
    other = tuple(one for one in against if one not in where)
    return f" to {rows(other)}" if other else ""


def family(clusters: str | tuple[str, str]) -> str:
    """The name of a family of units: its column, or what its two columns have in common."""
    if isinstance(clusters, str):
        return clusters
    first, second = clusters
    shared = [a for a, b in zip(first.split("_"), second.split("_"), strict=False) if a == b]
    return "_".join(shared) or f"{first} and {second}"


def _sentence(check: Exceeds | Within | Monotone | Dominates | Smooth) -> str:
    name = quantity(check.of)
    tail = f" [{name} = {formula(check.of)}; interval over {_families(check.clusters)}]."
    match check:
        case Exceeds(against=None):
            rule = f"{name} ({rows(check.where)}) is above {check.margin:g}"
        case Exceeds():
            rule = (
                f"{name} ({rows(check.where)}) less {name} ({rows(check.against or ())}) "
                f"is above {check.margin:g}"
            )
        case Within():
            rule = f"{name} ({rows(check.where)}) lies within [{check.low:g}, {check.high:g}]"
        case Monotone():
            rule = _monotone(check)
        case Dominates():
            rule = _dominates(check)
        case Smooth():
            rule = (
                f"{name} ({rows(check.where)}) at each {check.knob} lies within {check.margin:g} "
                f"of the polynomial of degree {check.degree} in ln {check.x.name}"
            )
        case _ as never:
            assert_never(never)
    return rule + tail


def _dominates(check: Dominates) -> str:
    """A margin below zero grants the rivals so much: ours may lie above them, but by less."""
    rivals = "; ".join(f"{one.name} ({rows(one.where)})" for one in check.against)
    is_granted = check.margin < 0
    side = "higher" if is_granted else "lower"
    than = "if at all, by less than" if is_granted else "by more than"
    return (
        f"{quantity(check.of)} ({rows(check.where)}) is {side} at equal {quantity(check.x)}, "
        f"{than} {abs(check.margin):g} on average over the common range, than that of: {rivals}"
    )


def _monotone(check: Monotone) -> str:
    which = "every step" if check.by == "smallest_step" else "the mean step"
    verb = "rises" if check.direction == "rising" else "falls"
    matched = f" at equal {check.matched.x.name}" if check.matched else ""
    return (
        f"{quantity(check.of)}{matched} ({rows(check.where)}) {verb} along {check.along}, "
        f"{which} by more than {check.margin:g}"
    )


def _difference(plus: str, minus: str | None) -> str:
    return f"sum {plus}" if minus is None else f"(sum {plus} - sum {minus})"


def _condition(one: Where) -> str:
    if one.pick is not None:
        return f"{one.column} at its {'smallest' if one.pick == 'min' else 'largest'}"
    if one.above is not None:
        return f"{one.column} > {one.above:g}"
    values = " or ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in one.values)
    return f"{one.column} = {values}"


def _families(clusters: Clusters) -> str:
    return " and ".join(family(one) for one in clusters)
