"""Whether a file of verdicts contradicts itself: a word that its own numbers do not bear.

What a file of an earlier schema does not say (sides, joint intervals) is not held against it.
"""

import math
from collections import Counter
from collections.abc import Iterator

from repro.contract.verdict import ControlResult, Details, Part, Status, Verdict, Verdicts

_UNDECIDED = (Status.ABSENT, Status.BROKEN)
"""Words that come without numbers."""


def contradictions(verdicts: Verdicts) -> list[str]:
    """All that the file says against itself, a sentence each; empty where it is whole."""
    counts = Counter(one.id for one in verdicts.verdicts)
    found = [f"claim {id_} stands there {n} times" for id_, n in counts.items() if n > 1]
    strange = sorted(verdicts.scope.details.keys() - counts.keys())
    found += [f"there are details of {id_}, which has no verdict" for id_ in strange]
    for one in verdicts.verdicts:
        details = verdicts.scope.details.get(one.id)
        found += [f"{one.id}: {fault}" for fault in _faults(one, details)]
    return found


def _faults(verdict: Verdict, details: Details | None) -> Iterator[str]:
    yield from _of_numbers(verdict)
    yield from _of_controls(verdict)
    yield from _of_saboteurs(verdict, details)
    if details is not None:
        yield from _of_parts(verdict, details)
        yield from _of_levels(verdict, details)


def _of_numbers(verdict: Verdict) -> Iterator[str]:
    numbers = (verdict.low, verdict.estimate, verdict.high)
    given = [one for one in numbers if one is not None]
    if given and len(given) < len(numbers):
        yield "estimate and interval come together or not at all"
    elif given != sorted(given):
        low, estimate, high = given
        yield f"the estimate {estimate:.4g} lies outside its interval [{low:.4g}, {high:.4g}]"
    if verdict.status in (Status.SUPPORTED, Status.REFUTED) and not given:
        yield f"it is {verdict.status} without an estimate"
    if verdict.status in _UNDECIDED and given:
        yield f"it is {verdict.status} and has an estimate"
    if any(size < 0 for size in verdict.n.values()):
        yield "a size is below zero"


def _of_controls(verdict: Verdict) -> Iterator[str]:
    names = [one.name for one in verdict.controls]
    if len(set(names)) < len(names):
        yield "a control stands there twice"
    for one in verdict.controls:
        if one.ok and not _may_behave(one):
            yield f"control `{one.name}` is {one.status} and said to behave"
    failed = {one.kind for one in verdict.controls if not one.ok}
    wanted = _left_by(failed)
    if verdict.status not in _UNDECIDED and wanted and verdict.status is not wanted:
        yield f"it is {verdict.status}, yet its controls leave it {wanted}"
    if verdict.status is Status.INVALID and wanted is not Status.INVALID:
        yield "it is invalid, yet every control behaved"


def _may_behave(control: ControlResult) -> bool:
    if control.must is None:
        return control.status not in (Status.ABSENT, Status.BROKEN, Status.INVALID)
    if control.must == "not_supported":
        return control.status in (Status.REFUTED, Status.INCONCLUSIVE)
    return control.status == control.must


def _left_by(failed: set[str]) -> Status | None:
    """What controls that did not behave leave of a verdict; none where all behaved."""
    if not failed:
        return None
    return Status.INCONCLUSIVE if failed == {"precondition"} else Status.INVALID


def _of_saboteurs(verdict: Verdict, details: Details | None) -> Iterator[str]:
    told = verdict.saboteurs
    if not 0 <= told.caught <= told.total:
        yield f"{told.caught} of {told.total} saboteurs were caught"
    if details is None:
        return
    caught = sum(one.caught for one in details.saboteurs)
    if (caught, len(details.saboteurs)) != (told.caught, told.total):
        yield (
            f"{told.caught} of {told.total} saboteurs are said to be caught, of those listed "
            f"{caught} of {len(details.saboteurs)}"
        )
    for one in details.saboteurs:
        if one.caught != (one.status in one.turns_to):
            yield f"saboteur `{one.name}` left it {one.status}, which is told as the opposite"


def _of_parts(verdict: Verdict, details: Details) -> Iterator[str]:
    for i, part in enumerate(details.parts, 1):
        wanted = _word_of(part)
        if wanted is not None and part.status is not wanted:
            yield f"condition {i} is {part.status}, yet its interval says {wanted}"
    if not details.parts or verdict.status in _UNDECIDED:
        return
    joint = _joined([part.status for part in details.parts])
    if all(one.ok for one in verdict.controls) and verdict.status is not joint:
        yield f"it is {verdict.status}, yet its conditions come to {joint}"
    first = next(part for part in details.parts if part.status is joint)
    ours, theirs = (verdict.estimate, verdict.low, verdict.high), _numbers(first)
    if ours != theirs:
        yield f"its numbers are {ours}, those of the condition that decides {theirs}"


def _numbers(part: Part) -> tuple[float | None, float | None, float | None]:
    return part.estimate, part.low, part.high


def _joined(statuses: list[Status]) -> Status:
    if Status.REFUTED in statuses:
        return Status.REFUTED
    return Status.SUPPORTED if set(statuses) == {Status.SUPPORTED} else Status.INCONCLUSIVE


def _word_of(part: Part) -> Status | None:
    """What the interval of a condition says against its threshold; none where that is not told."""
    if part.side is None:
        return None
    if part.estimate is None or part.low is None or part.high is None:
        return Status.INCONCLUSIVE
    low = part.low if part.joint_low is None else part.joint_low
    high = part.high if part.joint_high is None else part.joint_high
    least, most = part.threshold[0], part.threshold[-1]
    if part.side == "inside":
        is_in, is_out = least <= part.low and part.high <= most, high < least or low > most
    elif part.side == "above":
        is_in, is_out = part.low > least, high < least
    else:
        is_in, is_out = part.high < most, low > most
    if is_out and not (is_in and part.side == "inside"):
        return Status.REFUTED
    return Status.SUPPORTED if is_in else Status.INCONCLUSIVE


def _of_levels(verdict: Verdict, details: Details) -> Iterator[str]:
    if details.finding is not None and verdict.status is not Status.REFUTED:
        yield f"it is {verdict.status} and has found {details.finding}"
    p, over_all = details.p, details.p_holm
    for one in (p, over_all):
        if one is not None and not 0 <= one <= 1:
            yield f"a p-value is {one:g}"
    if p is not None and over_all is not None and over_all < p and not math.isclose(p, over_all):
        yield f"over all claims its p-value is {over_all:.3g}, smaller than {p:.3g} alone"
    if details.family_status not in (None, verdict.status, Status.INCONCLUSIVE):
        yield f"it is {verdict.status}, over all claims {details.family_status}"
