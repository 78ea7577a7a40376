"""Whether a file of verdicts is what its evidence comes to when it is judged again."""

import math
from pathlib import Path

from repro.contract.verdict import Verdict, Verdicts
from repro.contract.verdict_file import read_verdicts
from repro.errors import VerdictError
from repro.judge.verify import verify

TOLERANCE = 1e-9
"""Two machines may differ in the last bits of a sum."""


SHOWN = 3
"""Differences listed in a message."""


def judged_again(evidence: Path, claims: Path, lock: Path | None, file: Path | None) -> Verdicts:
    """The verdicts on the evidence as it lies there.

    Raises:
        VerdictError: `file` says otherwise than they do, or contradicts itself.
    """
    told = read_verdicts(file) if file else None
    again = verify(evidence, claims, told.profile if told else None, lock)
    differing = not_as_judged(told, again) if told else []
    if differing:
        more = f" (and {len(differing) - SHOWN} more)" if len(differing) > SHOWN else ""
        raise VerdictError(
            f"{file} is not what {evidence} comes to: {'; '.join(differing[:SHOWN])}{more}",
            expected="verdicts on this evidence, by this code",
            mend=f"repro verify --evidence {evidence} --out {file}",
        )
    return again


def not_as_judged(told: Verdicts, again: Verdicts) -> list[str]:
    """In what a file differs from the verdicts on its evidence, a sentence a claim."""
    told_by, again_by = ({one.id: one for one in verdicts.verdicts} for verdicts in (told, again))
    found = [f"{id_} is not judged there" for id_ in sorted(again_by.keys() - told_by.keys())]
    found += [f"{id_} is no claim" for id_ in sorted(told_by.keys() - again_by.keys())]
    for id_ in sorted(told_by.keys() & again_by.keys()):
        differing = _differing(told_by[id_], again_by[id_])
        if differing:
            found.append(f"{id_}: {', '.join(differing)}")
    return found


def _differing(told: Verdict, again: Verdict) -> list[str]:
    numbers = (
        ("estimate", told.estimate, again.estimate),
        ("lower end", told.low, again.low),
        ("upper end", told.high, again.high),
    )
    words = (
        ("verdict", told.status, again.status),
        ("controls", _controls(told), _controls(again)),
        ("saboteurs", told.saboteurs, again.saboteurs),
        ("evidence", told.evidence, again.evidence),
        ("specification", told.spec_sha256, again.spec_sha256),
    )
    found = [
        f"the {what} is {_told(old)}, judged again {_told(new)}"
        for what, old, new in numbers
        if not _is_close(old, new)
    ]
    return [
        *(f"the {what} differs ({old} there, {new} judged again)"
          if what == "verdict" else f"other {what}" for what, old, new in words if old != new),
        *found,
    ]  # fmt: skip


def _controls(verdict: Verdict) -> list[tuple[str, str, bool]]:
    return [(one.name, one.status, one.ok) for one in verdict.controls]


def _is_close(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is new
    return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _told(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
