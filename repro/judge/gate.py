"""The gate: does every claim still come to what the baseline says it came to?"""

import math
from dataclasses import dataclass
from enum import StrEnum

from repro.contract.verdict import Locked, Status, Verdict, Verdicts
from repro.errors import VerdictError


class GateStatus(StrEnum):
    """What the gate says of one claim."""

    HOLDS = "holds"
    NEW = "new"
    UNDECIDED = "not yet decided"
    REGRESSED = "regressed"
    CANNOT_JUDGE = "cannot judge"


@dataclass(frozen=True)
class GateRow:
    """One claim: what it was, what it is, and what follows."""

    id: str
    outcome: GateStatus
    before: str
    now: str
    why: str


@dataclass(frozen=True)
class GateReport:
    """All claims, and what makes the two files as wholes incomparable (empty if nothing)."""

    rows: tuple[GateRow, ...]
    incomparable: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 holds, 1 a claim regressed, 2 cannot judge.

        A regression wins over what cannot be judged: it is known, and waiting for the rest of the
        evidence cannot undo it. Where the files are incomparable no claim is compared at all.
        """
        outcomes = {row.outcome for row in self.rows}
        if GateStatus.REGRESSED in outcomes:
            return 1
        return 2 if self.incomparable or GateStatus.CANNOT_JUDGE in outcomes else 0

    def markdown(self) -> str:
        """A heading with the answer, the reasons that concern all claims, and a table."""
        answer = ("holds", "a claim regressed", "cannot judge")[self.exit_code]
        lines = [f"## Gate: {answer}", ""]
        lines += [f"- {reason}" for reason in self.incomparable]
        lines += [""] if self.incomparable else []
        lines += ["| claim | gate | before | now | why |", "|---|---|---|---|---|"]
        lines += [
            f"| {row.id} | {row.outcome} | {row.before} | {row.now} | {_cell(row.why)} |"
            for row in self.rows
        ]
        return "\n".join(lines) + "\n"


def gate(baseline: Verdicts, current: Verdicts) -> GateReport:
    """Compare verdicts with a baseline, claim by claim.

    A claim regressed when its status flipped between two measured statuses, in either direction
    (a refutation that vanishes is as much news as a support that does), or when its estimate moved
    by more than sqrt(h1^2 + h2^2), h being half the width of each interval. A claim measured in the
    baseline that is not measured now, or whose specification was amended, cannot be judged; nor can
    one that was changed, added or removed without a record in the lock, whatever it came to before.

    Raises:
        VerdictError: a file lists the same claim twice.
    """
    before, now = _by_id(baseline, "baseline"), _by_id(current, "current file")
    incomparable = _differences(baseline, current)
    if not any(verdict.status.is_measured for verdict in baseline.verdicts):
        incomparable += ("the baseline has no measured claim, so nothing could regress",)
    if baseline.scope.lock is not None and current.scope.lock is None:
        incomparable += ("the baseline was judged against a lock of claims, this without one",)
    locked = _standings(current)
    silent = {claim for claim, stands in locked.items() if stands.is_unrecorded}
    rows = [
        _compare(
            claim,
            before.get(claim),
            now.get(claim),
            locked.get(claim),
            is_comparable=not incomparable,
        )
        for claim in sorted(before.keys() | now.keys() | silent)
    ]
    return GateReport(tuple(rows), incomparable)


def _by_id(verdicts: Verdicts, role: str) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    for verdict in verdicts.verdicts:
        if verdict.id in found:
            raise VerdictError(
                f"the {role} lists claim {verdict.id} twice",
                expected="one verdict a claim",
                mend="repro verify --evidence DIR --out FILE",
            )
        found[verdict.id] = verdict
    return found


def _differences(baseline: Verdicts, current: Verdicts) -> tuple[str, ...]:
    before, now = baseline.scope, current.scope
    pairs = (
        ("profile", baseline.profile, current.profile),
        ("model", before.model, now.model),
        ("sites", before.sites, now.sites),
    )
    return tuple(
        f"the {what} differs: {old!r} in the baseline, {new!r} now"
        for what, old, new in pairs
        if old != new
    )


def _standings(verdicts: Verdicts) -> dict[str, Locked]:
    """Each claim against the lock, those without a file included; empty where there is no lock."""
    lock, details = verdicts.scope.lock, verdicts.scope.details
    if lock is None:
        return {}
    judged = {one.id: details[one.id].lock for one in verdicts.verdicts if one.id in details}
    return {id_: locked for id_, locked in judged.items() if locked} | lock.gone


def _compare(
    claim: str,
    before: Verdict | None,
    now: Verdict | None,
    locked: Locked | None,
    *,
    is_comparable: bool,
) -> GateRow:
    if locked is not None and locked.is_unrecorded:
        outcome, why = GateStatus.CANNOT_JUDGE, _unrecorded(locked, now)
    else:
        outcome, why = _judge(before, now, locked, is_comparable=is_comparable)
    return GateRow(claim, outcome, _told(before), _told(now), why)


def _unrecorded(locked: Locked, now: Verdict | None) -> str:
    what = "removed, not recorded" if now is None else str(locked.standing)
    return f'{what}: repro lock --why "...", then verify again'


def _judge(
    before: Verdict | None, now: Verdict | None, locked: Locked | None, *, is_comparable: bool
) -> tuple[GateStatus, str]:
    if before is None or not before.status.is_measured:
        return _judge_undecided(before, now)
    if not is_comparable:
        return GateStatus.CANNOT_JUDGE, "the two files cannot be compared"
    if now is None:
        missing = "the claim is missing from the current file"
        return GateStatus.CANNOT_JUDGE, _amended("withdrawn", locked) if locked else missing
    return _judge_measured(before, now, locked)


def _judge_measured(before: Verdict, now: Verdict, locked: Locked | None) -> tuple[GateStatus, str]:
    if now.spec_sha256 != before.spec_sha256:
        return GateStatus.CANNOT_JUDGE, _amended("its specification was amended", locked)
    if not now.status.is_measured:
        return GateStatus.CANNOT_JUDGE, now.reason
    if now.status != before.status:
        return GateStatus.REGRESSED, f"was {before.status}, is {now.status}: {now.reason}"
    return _judge_move(before, now)


def _amended(what: str, locked: Locked | None) -> str:
    recorded = f" ({locked.date}: {locked.why})" if locked else ""
    return f"{what}{recorded}: accept a new baseline"


def _judge_undecided(before: Verdict | None, now: Verdict | None) -> tuple[GateStatus, str]:
    """A claim the baseline did not measure: news, still undecided, or newly in trouble."""
    if now is None:
        return GateStatus.UNDECIDED, "unmeasured in the baseline, missing now"
    if now.status.is_measured:
        return GateStatus.NEW, "decided for the first time"
    was = before.status if before else Status.ABSENT
    if now.status in (was, Status.ABSENT):
        return GateStatus.UNDECIDED, now.reason
    return GateStatus.CANNOT_JUDGE, now.reason


def _judge_move(before: Verdict, now: Verdict) -> tuple[GateStatus, str]:
    if before.estimate is None and now.estimate is None:
        return GateStatus.HOLDS, "no estimate in either"
    if before.estimate is None or now.estimate is None:
        return GateStatus.CANNOT_JUDGE, "only one of the two has an estimate"
    moved = now.estimate - before.estimate
    noise = math.hypot(_half_width(before), _half_width(now))
    told = f"moved by {moved:.3g}, noise {noise:.3g} {now.unit}".rstrip()
    # Two runs of one computation may differ in the last bits even where the interval has no width.
    is_same = math.isclose(now.estimate, before.estimate, rel_tol=1e-9, abs_tol=1e-12)
    if is_same or abs(moved) <= noise:
        return GateStatus.HOLDS, told
    return GateStatus.REGRESSED, f"{told}: moved beyond noise"


def _half_width(verdict: Verdict) -> float:
    if verdict.low is None or verdict.high is None:
        return 0.0
    return (verdict.high - verdict.low) / 2


def _told(verdict: Verdict | None) -> str:
    if verdict is None:
        return "missing"
    estimate, low, high = verdict.estimate, verdict.low, verdict.high
    if estimate is None or low is None or high is None:
        return str(verdict.status)
    return f"{verdict.status} {estimate:.3g} [{low:.3g}, {high:.3g}]"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
