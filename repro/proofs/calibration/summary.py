"""From counted verdicts to rates with bounds, power curves and summaries."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from scipy.special import betaincinv

from repro.contract.proofs.calibration import (
    SLACK,
    AtEdge,
    ClaimCalibration,
    ErrorRates,
    Kind,
    KindSummary,
    Power,
    PowerCurve,
    Rate,
    name_of,
)
from repro.proofs.calibration.noise import SHAPES
from repro.proofs.calibration.simulate import Plan, Tally
from repro.spec.decisions import Check, parts_of

WANTED_POWER = 0.8


def rate_of(count: int, draws: int) -> Rate:
    """A share with its two-sided 95 % interval of Clopper and Pearson.

    Ends are quantiles of beta distributions: B(0.025; k, n - k + 1) and B(0.975; k + 1, n - k).
    """
    lower = float(betaincinv(count, draws - count + 1, 0.025)) if count else 0.0
    upper = float(betaincinv(count + 1, draws - count, 0.975)) if count < draws else 1.0
    return Rate(count=count, draws=draws, lower=lower, upper=upper)


def calibration_of(
    claim_id: str,
    control: str | None,
    check: Check,
    confidence: float,
    plan: Plan,
    tallies: Sequence[Tally],
) -> ClaimCalibration:
    """All that the draws of one check say."""
    level = (1 - confidence) / 2
    edges = [
        AtEdge(
            edge=one.edge,
            errors=one.errors,
            supported=rate_of(one.supported, one.draws),
            refuted=rate_of(one.refuted, one.draws),
            unjudged=one.unjudged,
        )
        for one in tallies
        if one.effect == 0
    ]
    rates = [
        ErrorRates.at_worst([one for one in edges if one.errors == errors], level)
        for errors in SHAPES
    ]
    return ClaimCalibration(
        id=claim_id,
        control=control,
        kinds=kinds_of(check),
        level=level,
        bound=SLACK * level,
        rates=rates,
        edges=edges,
        unreachable=plan.unreachable,
        curves=[_curve(label, unit, tallies) for label, unit in plan.units.items()],
    )


def kinds_of(check: Check) -> list[Kind]:
    """The kind of a check, and of its parts where it joins several."""
    kinds: list[Kind] = [check.kind, *(part.kind for part in parts_of(check))]
    return list(dict.fromkeys(kinds))


def by_kind(claims: Sequence[ClaimCalibration]) -> list[KindSummary]:
    """The worst rates of each kind of rule."""
    users: Mapping[Kind, list[ClaimCalibration]] = {}
    for one in claims:
        for kind in one.kinds:
            users.setdefault(kind, []).append(one)
    return [
        KindSummary(
            kind=kind,
            subjects=[name_of(one) for one in held],
            false_support=max((one.false_support for one in held), key=_upper),
            false_refute=max((one.false_refute for one in held), key=_upper),
            within_bound=all(one.normal.within_bound for one in held),
        )
        for kind, held in sorted(users.items())
    ]


def smallest_effect(points: Sequence[Power]) -> float | None:
    """Where the power first reaches 80 %, on straight lines between the points."""
    for a, b in pairwise(points):
        low, high = a.supported.share, b.supported.share
        if low < WANTED_POWER <= high:
            return a.effect + (b.effect - a.effect) * (WANTED_POWER - low) / (high - low)
    return None


def _curve(label: str, unit: str, tallies: Sequence[Tally]) -> PowerCurve:
    own = [one for one in tallies if one.edge == label and one.errors == "normal"]
    points = [
        Power(effect=one.effect, supported=rate_of(one.supported, one.draws))
        for one in sorted(own, key=lambda one: one.effect)
    ]
    return PowerCurve(edge=label, unit=unit, points=points, smallest_effect=smallest_effect(points))


def _upper(rate: Rate) -> float:
    return rate.upper
