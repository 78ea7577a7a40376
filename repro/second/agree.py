"""Where the verdicts of a file and the second judge's rulings are not the same."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from repro.contract.verdict import Details, Part, Verdict, Verdicts
from repro.errors import VerdictError
from repro.second.decide import decide_all
from repro.second.ruling import PartRuling, Ruling
from repro.spec.claim import Claim

Value = str | float | bool | None

UNMEASURED = ("absent", "broken")
"""Words of claims whose controls nobody has to ask."""
NUMBERS = ("estimate", "low", "high")
PART_NUMBERS = (*NUMBERS, "joint_low", "joint_high", "interpolation")


SHOWN = 5
"""Disagreements listed in a message."""


def confirmed(
    verdicts: Verdicts, evidence: Path, claims: Sequence[Claim], refused: Mapping[str, str]
) -> str:
    """A sentence on what the second judge has confirmed.

    Raises:
        VerdictError: it disagrees; names the first few claims and numbers.
    """
    rulings = decide_all(evidence, claims, refused)
    found = disagreements(verdicts, rulings)
    if found:
        more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
        raise VerdictError(
            f"the two judges disagree: {' '.join(found[:SHOWN])}{more}",
            expected="the same of both, by docs/how-a-verdict-is-made.md",
            mend="report this bug with the evidence; no verdict of this file can be relied on",
        )
    n_controls = sum(len(one.controls) for one in rulings.values())
    return f"a second judge agrees on {len(rulings)} claims and {n_controls} controls"


def disagreements(
    first: Verdicts, second: Mapping[str, Ruling], tolerance: float = 1e-9
) -> list[str]:
    """One sentence for each thing on which they differ; none where they agree.

    Args:
        first: the content of a file of verdicts.
        second: the rulings, by claim.
        tolerance: how far numbers may be apart, absolute or relative, whichever is larger.
    """
    found: list[str] = []
    told = {one.id: one for one in first.verdicts}
    for name in sorted({*told, *second}):
        if name not in told or name not in second:
            where = "the rulings" if name in told else "the verdicts"
            found.append(f"{name}: {where} do not have this claim.")
            continue
        details = first.scope.details.get(name, Details(parts=[], saboteurs=[]))
        pairs = _pairs(told[name], details, second[name])
        found += [
            f"{name}: {what} is {_said(one)} in the verdicts, {_said(other)} by the second judge."
            for what, one, other in pairs
            if not _same(one, other, tolerance)
        ]
    return found


def _pairs(verdict: Verdict, details: Details, ruling: Ruling) -> list[tuple[str, Value, Value]]:
    """What is compared of a claim: what it is, and both values."""
    pairs: list[tuple[str, Value, Value]] = [("status", verdict.status.value, ruling.status)]
    pairs += [(name, getattr(verdict, name), getattr(ruling, name)) for name in NUMBERS]
    pairs += [
        ("p", details.p, ruling.p),
        ("p over all claims", details.p_holm, ruling.p_holm),
        ("status over all claims", details.family_status, ruling.over_all),
        ("finding", details.finding, ruling.finding),
        ("number of parts", len(details.parts), len(ruling.parts)),
    ]
    for place, (one, other) in enumerate(zip(details.parts, ruling.parts, strict=False), start=1):
        pairs += _pairs_of_part(place, one, other)
    return pairs + _pairs_of_controls(verdict, ruling)


def _pairs_of_part(place: int, one: Part, other: PartRuling) -> list[tuple[str, Value, Value]]:
    pairs: list[tuple[str, Value, Value]] = [
        (f"status of part {place}", one.status.value, other.status)
    ]
    for name in PART_NUMBERS:
        pairs.append((f"{name} of part {place}", getattr(one, name), getattr(other, name)))
    return pairs


def _pairs_of_controls(verdict: Verdict, ruling: Ruling) -> list[tuple[str, Value, Value]]:
    """Control by control; those of a claim that is absent or broken change nothing."""
    if verdict.status.value in UNMEASURED and ruling.status in UNMEASURED:
        return []
    told = {one.name: (one.status.value, one.ok) for one in verdict.controls}
    pairs: list[tuple[str, Value, Value]] = []
    for name in dict.fromkeys([*told, *ruling.controls]):
        one, other = told.get(name, (None, None)), ruling.controls.get(name, (None, None))
        pairs.append((f"status of control `{name}`", one[0], other[0]))
        pairs.append((f"whether control `{name}` behaved", one[1], other[1]))
    return pairs


def _same(one: Value, other: Value, tolerance: float) -> bool:
    """Words exactly; numbers up to the tolerance."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= tolerance * max(1.0, abs(one), abs(other))
    return one == other


def _said(value: Value) -> str:
    if value is None:
        return "not given"
    return str(value) if isinstance(value, str) else repr(value)
