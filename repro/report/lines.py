"""Claims and verdicts as lines of a terminal."""

from collections.abc import Iterator

from repro.contract.verdict import Verdict, Verdicts
from repro.report.numbers import measured
from repro.spec import Claim, describe


def _result(verdict: Verdict) -> str:
    """Numbers and proofs of what was measured, the reason for what was not."""
    if not verdict.status.is_measured or verdict.estimate is None:
        return verdict.reason
    numbers = measured(verdict.estimate, verdict.low, verdict.high)
    behaved = sum(control.ok for control in verdict.controls)
    return (
        f"{numbers} {verdict.unit}; controls {behaved} of {len(verdict.controls)}, "
        f"saboteurs caught {verdict.saboteurs.caught} of {verdict.saboteurs.total}"
    )


def judged(verdicts: Verdicts) -> Iterator[str]:
    """A line a claim; where there is a lock also how it stands against it, and what is gone."""
    lock = verdicts.scope.lock
    for verdict in verdicts.verdicts:
        details = verdicts.scope.details.get(verdict.id)
        locked = details.lock if details and lock else None
        stands = f"; {locked.words}" if locked else ""
        yield f"{verdict.id}  {verdict.status:12}  {_result(verdict)}{stands}"
    for claim, locked in lock.gone.items() if lock else ():
        if locked.is_unrecorded:
            yield f"{claim}  {'-':12}  removed, not recorded"


def described(claim: Claim) -> list[str]:
    """A claim, what decides it, what must behave and what would refute it."""
    paper = claim.paper
    place = [f"section {paper.section}" if paper.section else ""]
    place += [f"figure {paper.figure}" if paper.figure else ""]
    place += [f"equation {paper.equation}" if paper.equation else ""]
    lines = [f"{claim.id}: {claim.says}"]
    lines += [f"source: {claim.source}, {', '.join(filter(None, place)) or 'no place given'}"]
    lines += [f"reads: {', '.join(claim.reads)}", f"decided by: {describe(claim.check)}"]
    lines += [f"asked once more of: {one.called}" for one in claim.scored[1:]]
    for control in claim.safeguards:
        must = control.must.replace("_", " ")
        lines.append(f"control ({control.kind}), must be {must}: {control.name}: {control.why}")
    lines += [f"saboteur, must turn the verdict: {s.name}" for s in claim.saboteurs]
    return [*lines, f"deviation: {claim.deviation}", f"refuted by: {claim.refuted_by}"]
