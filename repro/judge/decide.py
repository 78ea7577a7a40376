"""One claim against its tables: controls first, then the check, then the saboteurs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from repro.contract.evidence import Table
from repro.contract.verdict import (
    ControlResult,
    Details,
    EvidenceRef,
    SaboteurCount,
    SaboteurResult,
    Status,
    UnderScorer,
    Verdict,
)
from repro.errors import DegenerateInputError, EvidenceError, ReproError, UnreachedError
from repro.judge.checks import Outcome, run_check
from repro.judge.saboteurs import sabotage
from repro.spec import Check, Claim, Control, Saboteur, Scored, spec_sha256

Tables = Mapping[str, Table]


@dataclass(frozen=True)
class Judgement:
    """A verdict and what the report shows beside it."""

    verdict: Verdict
    details: Details


def judge(claim: Claim, tables: Tables) -> Judgement:
    """Judge one claim on tables that are all there."""
    asked = _asked(claim, claim.check, claim.safeguards, tables)
    if asked.outcome is None:
        return undecided(claim, asked.status, asked.reason, tables)
    outcome, found = asked.outcome, asked.outcome.interval
    results = _saboteurs(claim, tables, outcome.status) if outcome.is_measured else []
    verdict = Verdict(
        **_named(claim, tables),
        status=asked.status,
        estimate=found.estimate if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        n=dict(outcome.n),
        reason=asked.reason,
        controls=asked.controls,
        saboteurs=SaboteurCount(caught=sum(r.caught for r in results), total=len(results)),
    )
    details = Details(
        parts=outcome.as_parts(),
        saboteurs=results,
        scored=[_under(one, claim, tables) for one in claim.scored[1:]],
        finding=outcome.finding if asked.status is Status.REFUTED else None,
        p=outcome.p,
    )
    return Judgement(verdict, details)


class _Asked(NamedTuple):
    """What a rule came to among its controls."""

    outcome: Outcome | None
    status: Status
    reason: str
    controls: list[ControlResult]


def _asked(claim: Claim, check: Check, safeguards: Sequence[Control], tables: Tables) -> _Asked:
    """Ask the controls, then the rule; without an outcome where the rule has no value."""
    told = [_control(one, tables, claim.confidence) for one in safeguards]
    controls, faults = [result for result, _ in told], [fault for _, fault in told if fault]
    instead = _instead(controls)
    try:
        outcome = run_check(check, tables, claim.confidence)
    except DegenerateInputError as error:
        # Such as the share of a gain that is not there, which a precondition asks for.
        is_told = instead is Status.INCONCLUSIVE
        status = Status.INCONCLUSIVE if is_told else _status_of(error)
        reason = "; ".join([*faults, _one_line(error)] if is_told else [_one_line(error)])
        return _Asked(None, status, reason, controls)
    except ReproError as error:
        return _Asked(None, _status_of(error), _one_line(error), controls)
    return _Asked(outcome, instead or outcome.status, _reason(outcome, faults), controls)


def undecided(
    claim: Claim, status: Status, reason: str, tables: Tables, trace: str | None = None
) -> Judgement:
    """A claim that could not be judged: absent or broken, with the reason and no numbers."""
    verdict = Verdict(**_named(claim, tables), status=status, reason=reason)
    details = Details(parts=[], saboteurs=[], traceback=trace)
    return Judgement(verdict, details)


class _Named(TypedDict):
    """What a verdict holds of its claim and tables, whatever it came to."""

    id: str
    says: str
    unit: str
    deviation: str
    spec_sha256: str
    evidence: list[EvidenceRef]


def _named(claim: Claim, tables: Tables) -> _Named:
    hashes = [EvidenceRef(name=name, sha256=table.header.sha256) for name, table in tables.items()]
    return {
        "id": claim.id,
        "says": claim.says,
        "unit": claim.unit,
        "deviation": claim.deviation,
        "spec_sha256": spec_sha256(claim),
        "evidence": hashes,
    }


def _control(
    control: Control, tables: Tables, confidence: float
) -> tuple[ControlResult, str | None]:
    """The control's result, and what is wrong with it if anything is."""
    try:
        outcome = run_check(control.check, tables, confidence)
    except ReproError as error:
        status, ok, why = _status_of(error), False, f"could not be run: {_one_line(error)}"
    else:
        status, ok = outcome.status, outcome.is_measured and _behaves(control, outcome.status)
        why = f"must be {control.must.replace('_', ' ')} but is {status}: {outcome.reason}"
    result = ControlResult(
        name=control.name, kind=control.kind, status=status, ok=ok, must=control.must
    )
    if ok:
        return result, None
    if control.kind == "precondition":
        return result, f"precondition `{control.name}` is not met: {why}"
    return result, f"control `{control.name}` {why}"


def _instead(controls: list[ControlResult]) -> Status | None:
    """What the status is in place of the check's own: none where every control behaved.

    A precondition alone that is not met leaves nothing to measure, but breaks no instrument.
    """
    misbehaved = {result.kind for result in controls if not result.ok}
    if not misbehaved:
        return None
    return Status.INCONCLUSIVE if misbehaved == {"precondition"} else Status.INVALID


def _behaves(control: Control, status: Status) -> bool:
    if control.must == "not_supported":
        return status is not Status.SUPPORTED
    return status == control.must


def _under(scorer: Scored, claim: Claim, tables: Tables) -> UnderScorer:
    """What the claim's rule comes to under another scorer, with the controls asked of it too."""
    safeguards = scorer.read(claim.guarded_by((scorer,)))
    asked = _asked(claim, scorer.read(claim.check), safeguards, tables)
    found = asked.outcome.interval if asked.outcome else None
    return UnderScorer(
        name=scorer.called,
        status=asked.status,
        estimate=found.estimate if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        unit=scorer.unit,
        reason=asked.reason,
    )


def _saboteurs(claim: Claim, tables: Tables, honest: Status) -> list[SaboteurResult]:
    """Run those whose success would show; the rest could not be told from doing nothing."""
    telling = [one for one in claim.saboteurs if honest not in one.turns_to]
    results: list[SaboteurResult] = []
    for one in telling:
        status = _after(one, claim, tables)
        statuses = [Status(word) for word in one.turns_to]
        results.append(
            SaboteurResult(
                name=one.name, turns_to=statuses, status=status, caught=status in statuses
            )
        )
    return results


def _after(saboteur: Saboteur, claim: Claim, tables: Tables) -> Status:
    try:
        changed = {**tables, saboteur.reads: sabotage(saboteur, tables[saboteur.reads])}
        return run_check(claim.check, changed, claim.confidence).status
    except ReproError as error:
        return _status_of(error)


def _status_of(error: ReproError) -> Status:
    """Rows that are not there are absent evidence; anything else broke the checker."""
    if isinstance(error, UnreachedError):
        return Status.INCONCLUSIVE
    return Status.ABSENT if isinstance(error, EvidenceError) else Status.BROKEN


def _one_line(error: ReproError) -> str:
    return f"{error.found}; expected: {error.expected}; to mend: {error.mend}"


def _reason(outcome: Outcome, faults: list[str]) -> str:
    if not faults:
        return outcome.reason
    return f"{'; '.join(faults)}. The check alone says {outcome.status}: {outcome.reason}"
