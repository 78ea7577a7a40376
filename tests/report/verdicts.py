"""Verdicts of every status about the real claims, with text that tries to break the page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from repro.contract.evidence import read_header
from repro.contract.verdict import (
    ControlResult,
    Details,
    EvidenceRef,
    Family,
    Finding,
    Part,
    SaboteurCount,
    SaboteurResult,
    Status,
    UnderScorer,
    Verdict,
    Verdicts,
    VerdictScope,
)
from repro.contract.verdict_file import write_verdicts
from repro.contract.vocabulary import made
from repro.spec import Claim, describe, load_claims, spec_sha256
from repro.spec.decisions import parts_of
from tests.report.plausible import SCOPE

CLAIMS = Path(__file__).parents[2] / "claims"
NASTY = '<script>alert("1")</script> & `code` | *stars* {{ braces }}'
OUTCOMES: Mapping[str, Status] = {
    "c14": Status.SUPPORTED,
    "c15": Status.REFUTED,
    "c16": Status.INCONCLUSIVE,
    "c17": Status.INVALID,
    "c18": Status.BROKEN,
}


def plausible_verdicts(evidence: Path | None, claims: Sequence[Claim] = ()) -> Verdicts:
    """Verdicts on the tables in `evidence`; claims that read other tables are absent."""
    hashes = {name: read_header(evidence, name).sha256 for name in made()} if evidence else {}
    claims = claims or load_claims(CLAIMS)
    return Verdicts(
        schema=1,
        profile="laptop",
        scope=VerdictScope(
            **SCOPE.model_dump(),
            details={claim.id: _details(claim, _status(claim)) for claim in claims},
            family=Family(m=10),
        ),
        verdicts=[_verdict(claim, _status(claim), hashes) for claim in claims],
    )


def write_plausible_verdicts(target: Path, evidence: Path | None) -> Path:
    """The same as a file."""
    write_verdicts(target, plausible_verdicts(evidence))
    return target


def _status(claim: Claim) -> Status:
    if not set(claim.reads) <= set(made()):
        return Status.ABSENT
    return OUTCOMES.get(claim.id, Status.SUPPORTED)


def _verdict(claim: Claim, status: Status, hashes: Mapping[str, str]) -> Verdict:
    measured = status not in (Status.ABSENT, Status.BROKEN)
    return Verdict(
        id=claim.id,
        says=claim.says,
        status=status,
        estimate=0.123 if measured else None,
        low=0.110 if measured else None,
        high=0.136 if measured else None,
        unit=claim.unit,
        n={"document": 25, "rows": 525, "seed": 3} if measured else {},
        reason=NASTY if status is Status.BROKEN else f"{claim.id} came to {status}",
        controls=[
            ControlResult(
                name=control.name, kind=control.kind, status=Status.REFUTED,
                ok=status is not Status.INVALID,
            )
            for control in claim.safeguards
        ] if measured else [],
        saboteurs=SaboteurCount(caught=int(measured), total=2 * measured),
        evidence=[EvidenceRef(name=n, sha256=hashes[n]) for n in claim.reads if n in hashes],
        spec_sha256=spec_sha256(claim),
        deviation=claim.deviation,
    )  # fmt: skip


def _alone(status: Status) -> Status:
    """What the conditions come to: a verdict is invalid by its controls alone."""
    return Status.SUPPORTED if status is Status.INVALID else status


def _details(claim: Claim, status: Status) -> Details:
    if status in (Status.ABSENT, Status.BROKEN):
        trace = f"Traceback: {NASTY}" if status is Status.BROKEN else None
        return Details(
            parts=[], saboteurs=[], traceback=trace,
        )  # fmt: skip
    return Details(
        parts=[
            Part(
                says=describe(part), status=_alone(status), estimate=0.123, low=0.110,
                high=0.136, unit=part.of.unit, joint_low=0.09, joint_high=0.156,
                threshold=[part.low, part.high] if part.kind == "within" else [part.margin],
            )
            for part in parts_of(claim.check)
        ],
        saboteurs=[
            SaboteurResult(name="swap two methods", turns_to=[Status.REFUTED],
                           status=Status.REFUTED, caught=True),
            SaboteurResult(name="double the error", turns_to=[Status.REFUTED],
                           status=Status.SUPPORTED, caught=False),
        ],
        scored=[
            UnderScorer(
                name=one.called, status=Status.INVALID if first else Status.ABSENT, reason=NASTY,
                estimate=0.2 if first else None, low=0.1 if first else None,
                high=0.3 if first else None, unit=one.unit,
            )
            for one in claim.scored[1:]
            for first in [one is claim.scored[1]]
        ],
        finding=Finding.SMALLER if status is Status.REFUTED else None,
        p=0.0123,
        p_holm=0.0789,
        family_status=Status.INCONCLUSIVE,
    )  # fmt: skip
