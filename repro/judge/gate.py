"""The gate: does every claim still come to what the baseline says it came to?"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from repro.contract.consistent import contradictions
from repro.contract.verdict import Locked, Status, Verdict, Verdicts
from repro.errors import VerdictError

WIDEST = 10.0
"""How many times as wide as today's a baseline's interval may be; of two intervals of three seeds
with the same noise one in a hundred pairs differs by more."""
ELSEWHERE = ("details", "family", "lock")
"""Parts of the scope that are compared claim by claim, or follow from the claims."""
APART = ("model", "sites")
"""Where these differ, no claim is comparable."""
MAY_DIFFER = ("device", "max_logit_difference", "judged_by")
"""Told where they differ: the same claims may hold on another machine, by other code."""


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
    """All claims, and what the two files as wholes differ in."""

    rows: tuple[GateRow, ...]
    incomparable: tuple[str, ...]
    """What makes it vain to compare any claim."""
    changed: tuple[str, ...] = ()
    """What the verdicts speak of no longer, or newly: other text, tokens or seeds."""
    notes: tuple[str, ...] = ()
    """What differs and may."""

    @property
    def exit_code(self) -> int:
        """0 holds, 1 a claim regressed, 2 cannot judge.

        A regression wins over what cannot be judged: it is known, and waiting for the rest of the
        evidence cannot undo it. Where the files are incomparable no claim is compared at all. A
        scope that has changed is a regression: fewer tokens would hide in wider intervals.
        """
        outcomes = {row.outcome for row in self.rows}
        if GateStatus.REGRESSED in outcomes or (self.changed and not self.incomparable):
            return 1
        return 2 if self.incomparable or GateStatus.CANNOT_JUDGE in outcomes else 0

    def markdown(self) -> str:
        """A heading with the answer, the reasons that concern all claims, and a table."""
        answer = ("holds", "a claim regressed", "cannot judge")[self.exit_code]
        lines = [f"## Gate: {answer}", ""]
        told = [*self.incomparable, *self.changed, *self.notes]
        lines += [f"- {_cell(reason)}" for reason in told]
        lines += [""] if told else []
        lines += ["| claim | gate | before | now | why |", "|---|---|---|---|---|"]
        lines += [
            f"| {row.id} | {row.outcome} | {row.before} | {row.now} | {_cell(row.why)} |"
            for row in self.rows
        ]
        return "\n".join(lines) + "\n"


def gate(baseline: Verdicts, current: Verdicts) -> GateReport:
    """Compare verdicts with a baseline, claim by claim.

    A claim regressed when its status flipped between two measured statuses, in either direction
    (a refutation that vanishes is as much news as a support that does), when its estimate moved by
    more than sqrt(h1^2 + h2^2), h being half the width of each interval, or when a control or a
    caught saboteur is gone. A claim measured in the baseline that is not measured now, or whose
    specification was amended, cannot be judged; nor can one that the baseline lacks, one whose
    baseline is wider than its own noise, or one that was changed, added or removed without a record
    in the lock, whatever it came to before.

    Raises:
        VerdictError: a file contradicts itself.
    """
    before, now = _by_id(baseline, "baseline"), _by_id(current, "current file")
    incomparable = _incomparable(baseline, current)
    is_same_judge = baseline.scope.judged_by == current.scope.judged_by is not None
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
            is_same_judge=is_same_judge,
        )
        for claim in sorted(before.keys() | now.keys() | silent)
    ]
    scopes = _said(baseline), _said(current)
    both = [key for key in dict.fromkeys((*scopes[0], *scopes[1])) if key not in APART]
    changed = _differences(*scopes, [key for key in both if key not in MAY_DIFFER])
    notes = _differences(*scopes, [key for key in both if key in MAY_DIFFER])
    return GateReport(tuple(rows), incomparable, changed, notes)


def _by_id(verdicts: Verdicts, role: str) -> dict[str, Verdict]:
    against = contradictions(verdicts)
    if against:
        raise VerdictError(
            f"the {role} contradicts itself: {against[0]}",
            expected="a file as `repro verify` wrote it",
            mend="repro verify --evidence DIR --out FILE",
        )
    return {verdict.id: verdict for verdict in verdicts.verdicts}


def _incomparable(baseline: Verdicts, current: Verdicts) -> tuple[str, ...]:
    profiles = {"profile": baseline.profile}, {"profile": current.profile}
    return (
        *_differences(*profiles, ("profile",)),
        *_differences(_said(baseline), _said(current), APART),
    )


def _said(verdicts: Verdicts) -> dict[str, Any]:
    """What the verdicts speak of, by key of the scope."""
    found = verdicts.scope.model_dump(mode="json")
    return {key: value for key, value in found.items() if key not in ELSEWHERE}


def _differences(
    before: Mapping[str, Any], now: Mapping[str, Any], keys: Iterable[str]
) -> tuple[str, ...]:
    return tuple(
        f"the {key.replace('_', ' ')} differs: {_short(before.get(key))} in the baseline, "
        f"{_short(now.get(key))} now"
        for key in keys
        if before.get(key) != now.get(key)
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."


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
    is_same_judge: bool,
) -> GateRow:
    if locked is not None and locked.is_unrecorded:
        outcome, why = GateStatus.CANNOT_JUDGE, _unrecorded(locked, now)
    else:
        outcome, why = _judge(before, now, locked, is_comparable=is_comparable)
    if outcome is GateStatus.HOLDS and before and now and is_same_judge and _is_edited(before, now):
        outcome, why = GateStatus.CANNOT_JUDGE, _EDITED
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


_EDITED = (
    "the baseline has other numbers than this evidence, which it was judged on by the same code: "
    "it was edited"
)


def _is_edited(before: Verdict, now: Verdict) -> bool:
    """Whether two verdicts on the same tables by the same judge differ by more than last bits."""
    if before.evidence != now.evidence or not before.evidence:
        return False
    pairs = zip(_numbers(before), _numbers(now), strict=True)
    return any(
        (a is None) != (b is None)
        or (a is not None and b is not None and not math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9))
        for a, b in pairs
    )


def _numbers(verdict: Verdict) -> tuple[float | None, float | None, float | None]:
    return verdict.estimate, verdict.low, verdict.high


def _judge_measured(before: Verdict, now: Verdict, locked: Locked | None) -> tuple[GateStatus, str]:
    if now.spec_sha256 != before.spec_sha256:
        return GateStatus.CANNOT_JUDGE, _amended("its specification was amended", locked)
    if not now.status.is_measured:
        return GateStatus.CANNOT_JUDGE, now.reason
    if now.status != before.status:
        return GateStatus.REGRESSED, f"was {before.status}, is {now.status}: {now.reason}"
    gone = _gone(before, now)
    return (GateStatus.REGRESSED, gone) if gone else _judge_move(before, now)


def _gone(before: Verdict, now: Verdict) -> str:
    """Controls and caught saboteurs that the baseline has and the current file lacks, in words."""
    names = {one.name for one in now.controls}
    controls = [one.name for one in before.controls if one.name not in names]
    if controls:
        return f"controls are gone: {', '.join(controls)}"
    old, new = before.saboteurs, now.saboteurs
    is_fewer = new.caught < old.caught or new.total - new.caught > old.total - old.caught
    # What an undecided claim's saboteurs turn to hangs on noise: they prove nothing there.
    if is_fewer and now.status in (Status.SUPPORTED, Status.REFUTED):
        return (
            f"{new.caught} of {new.total} saboteurs are caught, {old.caught} of {old.total} "
            "in the baseline"
        )
    return ""


def _amended(what: str, locked: Locked | None) -> str:
    recorded = f" ({locked.date}: {locked.why})" if locked else ""
    return f"{what}{recorded}: accept a new baseline"


def _judge_undecided(before: Verdict | None, now: Verdict | None) -> tuple[GateStatus, str]:
    """A claim the baseline did not measure: news, still undecided, or newly in trouble."""
    if now is None:
        return GateStatus.UNDECIDED, "unmeasured in the baseline, missing now"
    if before is None and now.status.is_measured:
        return GateStatus.CANNOT_JUDGE, "the baseline lacks this claim: accept a new baseline"
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
    if _half_width(before) > WIDEST * _half_width(now) > 0:
        wider = _half_width(before) / _half_width(now)
        return GateStatus.CANNOT_JUDGE, (
            f"the baseline's interval is {wider:.3g} times as wide as this one and would hide a "
            "move: accept a new baseline"
        )
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
