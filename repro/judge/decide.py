"""One claim against its tables: controls first, then the check, then the saboteurs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from repro.contract.evidence import Table
from repro.contract.verdict import (
    ControlResult,
    Details,
    EvidenceRef,
    SaboteurCount,
    SaboteurResult,
    Status,
    Verdict,
)
from repro.errors import EvidenceError, ReproError, UnreachedError
from repro.judge.checks import Outcome, run_check
from repro.judge.saboteurs import sabotage
from repro.judge.stats import family_confidence
from repro.spec import Claim, Control, Saboteur, spec_sha256

Tables = Mapping[str, Table]


@dataclass(frozen=True)
class Judgement:
    """A verdict and what the report shows beside it."""

    verdict: Verdict
    details: Details


def judge(claim: Claim, tables: Tables, n_claims: int) -> Judgement:
    """Judge one claim on tables that are all there.

    Args:
        claim: the specification.
        tables: the tables it reads, by name.
        n_claims: claims judged together, for the interval that holds over all of them.
    """
    controls = [_control(one, tables, claim.confidence) for one in claim.safeguards]
    try:
        outcome = run_check(claim.check, tables, claim.confidence)
    except ReproError as error:
        return undecided(claim, _status_of(error), _one_line(error), tables)
    wide = run_check(claim.check, tables, family_confidence(claim.confidence, n_claims))
    faults = [fault for _, fault in controls if fault]
    instead = _instead([result for result, _ in controls])
    status = instead or outcome.status
    results = _saboteurs(claim, tables, outcome.status) if outcome.is_measured else []
    found, family = outcome.interval, wide.interval_of(outcome)
    verdict = Verdict(
        **_named(claim, tables),
        status=status,
        estimate=found.estimate if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        n=dict(outcome.n),
        reason=_reason(outcome, faults),
        controls=[result for result, _ in controls],
        saboteurs=SaboteurCount(caught=sum(r.caught for r in results), total=len(results)),
    )
    details = Details(
        parts=outcome.as_parts(),
        saboteurs=results,
        family_low=family.low if family else None,
        family_high=family.high if family else None,
        family_status=instead or wide.status,
    )
    return Judgement(verdict, details)


def undecided(
    claim: Claim, status: Status, reason: str, tables: Tables, trace: str | None = None
) -> Judgement:
    """A claim that could not be judged: absent or broken, with the reason and no numbers."""
    verdict = Verdict(**_named(claim, tables), status=status, reason=reason)
    details = Details(
        parts=[],
        saboteurs=[],
        family_low=None,
        family_high=None,
        family_status=None,
        traceback=trace,
    )
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
    result = ControlResult(name=control.name, kind=control.kind, status=status, ok=ok)
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
