"""Everything that a report shows about one claim, in words and formatted numbers."""

from collections.abc import Mapping
from typing import NamedTuple

from repro.contract.verdict import Details, Part, Status, Verdict
from repro.contract.vocabulary import awaited
from repro.report.advice import advice
from repro.report.figures.drawn import Drawn, ForestRow
from repro.report.numbers import count, exact, interval, measured, number, p_value
from repro.report.proofs import Proofs, errs, holds
from repro.report.strips import Side, Strip, standing, strip
from repro.spec import Claim, Control, describe, spec_sha256
from repro.spec.decisions import parts_of

SOURCES = {"paper": "the paper", "article": "the article about it", "critic": "a critic"}


MEASURED = "rows measured"
"""In the sizes of a verdict: rows of its selection, however their measurement came out."""


class Condition(NamedTuple):
    """One condition of a claim and what it came to; one of them lends the verdict its numbers."""

    says: str
    status: Status
    value: str
    unit: str
    strip: Strip | None
    standing: ForestRow | None


class ControlLine(NamedTuple):
    """One control: what it came to, and what the specification says about it."""

    name: str
    kind: str
    status: Status
    ok: bool
    must: str
    why: str

    @property
    def came_out(self) -> str:
        """Whether it came out as it must; a precondition is met or not, it cannot misbehave."""
        if self.kind == "precondition":
            return "met" if self.ok else "not met"
        return "behaved" if self.ok else "misbehaved"


class OtherScorer(NamedTuple):
    """What the claim's rule comes to under a scorer that does not decide."""

    name: str
    status: Status
    value: str
    unit: str
    reason: str


class Card(NamedTuple):
    """Everything about one claim."""

    verdict: Verdict
    details: Details | None
    value: str
    unit: str
    n: str
    controls_ok: str
    saboteurs: str
    threshold: str
    finding: str
    p: str
    p_holm: str
    family_status: Status | None
    source: str
    place: str
    rule: str
    refuted_by: str
    amended: bool
    lock: str
    errs: str
    holds: str
    conditions: list[Condition]
    controls: list[ControlLine]
    scorers: list[OtherScorer]
    not_run: str
    reads: list[str]
    figures: list[Drawn]

    @property
    def status(self) -> Status:
        """The verdict's status."""
        return self.verdict.status

    @property
    def standing(self) -> ForestRow | None:
        """Where the deciding condition stands against its threshold, as far as it has a side."""
        return next((one.standing for one in self.conditions if one.standing), None)

    @property
    def stages(self) -> list[str]:
        """The stages whose tables decide it."""
        return sorted({awaited(table) for table in self.reads})

    @property
    def advice(self) -> str:
        """What the finding means for somebody who uses dictionaries."""
        return advice(self.verdict.id, self.status)

    @property
    def waits(self) -> str:
        """Which stage will decide an absent claim."""
        stages = " and ".join(self.stages)
        return f"decided once the stage {stages} is built" if stages else "no evidence yet"


def card(
    verdict: Verdict,
    details: Details | None,
    claim: Claim | None,
    figures: list[Drawn],
    proofs: Proofs,
) -> Card:
    """Put verdict, details, specification, figures and proofs of one claim together."""
    return Card(
        verdict=verdict,
        details=details,
        value=measured(verdict.estimate, verdict.low, verdict.high),
        unit=unit(verdict.unit),
        n=_sizes(verdict.n),
        controls_ok=f"{sum(c.ok for c in verdict.controls)} of {len(verdict.controls)}",
        saboteurs=f"{verdict.saboteurs.caught} of {verdict.saboteurs.total}",
        threshold=_threshold(verdict, details),
        finding=str(details.finding) if details and details.finding else "",
        p=p_value(details.p) if details else "",
        p_holm=p_value(details.p_holm) if details else "",
        family_status=details.family_status if details else None,
        source=SOURCES[claim.source] if claim else "",
        place=_place(claim) if claim else "",
        rule=describe(claim.check) if claim else "",
        refuted_by=claim.refuted_by if claim else "",
        amended=claim is not None and spec_sha256(claim) != verdict.spec_sha256,
        lock=details.lock.words if details and details.lock else "",
        errs=errs(proofs, verdict.id),
        holds=holds(proofs, verdict.id, verdict.status),
        conditions=_conditions(verdict, details, claim),
        controls=_controls(verdict, claim),
        scorers=_scorers(details),
        not_run=_not_run(details),
        reads=sorted(claim.reads) if claim else [],
        figures=figures,
    )


def _threshold(verdict: Verdict, details: Details | None) -> str:
    """The threshold of the condition that lends the verdict its numbers."""
    numbers = (verdict.estimate, verdict.low, verdict.high)
    for part in details.parts if details else []:
        if (part.estimate, part.low, part.high) == numbers:
            return " to ".join(map(exact, part.threshold))
    return ""


def _sizes(n: Mapping[str, int]) -> str:
    """`3 seeds, 25 documents, 525 rows`: the independent units first.

    Where rows are asked for by how they came out: `8 of 9 rows measured`.
    """
    units = sorted((size, name) for name, size in n.items() if not name.startswith("rows"))
    told = [_size(size, name) for size, name in units]
    if MEASURED in n:
        told.append(f"{count(n['rows'])} of {count(n[MEASURED])} {MEASURED}")
    elif "rows" in n:
        told.append(_size(n["rows"], "rows"))
    return ", ".join(told)


def _size(size: int, name: str) -> str:
    return f"{count(size)} {name if size == 1 or name.endswith('s') else name + 's'}"


def unit(text: str) -> str:
    """A unit as it stands behind a number: nothing for a pure number."""
    return "" if text in ("", "1") else text


def _conditions(verdict: Verdict, details: Details | None, claim: Claim | None) -> list[Condition]:
    parts = details.parts if details else []
    return [
        _condition(part, side, verdict)
        for part, side in zip(parts, _sides(claim, len(parts)), strict=True)
    ]


def _condition(part: Part, side: Side | None, verdict: Verdict) -> Condition:
    numbers = (part.estimate, part.low, part.high)
    drawn, stands = None, None
    ends = _pair(part.low, part.high)
    if part.estimate is not None and ends is not None:
        decides = numbers == (verdict.estimate, verdict.low, verdict.high)
        joint = _pair(part.joint_low, part.joint_high)
        drawn = strip(part.estimate, ends, part.threshold, side, joint)
        if decides and side in ("above", "below"):
            stands = standing(part.estimate, ends, part.threshold[0], side, joint)
    value = measured(*numbers)
    if part.joint_low is not None and part.joint_high is not None:
        value += f", jointly {interval(part.joint_low, part.joint_high)}"
    if part.interpolation is not None:
        value += f", of it ±{number(part.interpolation)} for interpolation"
    return Condition(part.says, part.status, value, unit(part.unit), drawn, stands)


def _sides(claim: Claim | None, n: int) -> list[Side | None]:
    """Where each condition wants its interval; unknown where the specification is not at hand."""
    if claim is None or len(parts_of(claim.check)) != n:
        return [None] * n
    sides: dict[str, Side] = {"smooth": "below", "within": "inside"}
    return [sides.get(part.kind, "above") for part in parts_of(claim.check)]


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)


def _controls(verdict: Verdict, claim: Claim | None) -> list[ControlLine]:
    specs: dict[str, Control] = {one.name: one for one in claim.safeguards} if claim else {}
    lines = []
    for result in verdict.controls:
        spec = specs.get(result.name)
        must = spec.must.replace("_", " ") if spec else ""
        why = _sentence(spec.why) if spec else ""
        lines.append(ControlLine(result.name, result.kind, result.status, result.ok, must, why))
    return lines


def _scorers(details: Details | None) -> list[OtherScorer]:
    """The other scorers that were run, in the order of the claim."""
    return [
        OtherScorer(
            name=one.name,
            status=one.status,
            value=measured(one.estimate, one.low, one.high),
            unit=unit(one.unit),
            reason=one.reason,
        )
        for one in (details.scored if details else [])
        if one.status is not Status.ABSENT
    ]


def _not_run(details: Details | None) -> str:
    """The other scorers without evidence."""
    scored = details.scored if details else []
    return "; ".join(one.name for one in scored if one.status is Status.ABSENT)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


def _place(claim: Claim) -> str:
    paper = claim.paper
    places = (
        ("section", paper.section),
        ("figure", paper.figure),
        ("equation", paper.equation),
    )
    return ", ".join(
        f"{kind} {text}" if text[0].isdigit() else text for kind, text in places if text
    )
