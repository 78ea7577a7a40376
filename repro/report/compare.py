"""Two runs of one profile beside each other, claim by claim, as a Markdown table."""

from repro.contract.verdict import Status, Verdict, Verdicts
from repro.report.markdown import text
from repro.report.numbers import DASH, measured
from repro.report.view import MARKS


def compared(old: Verdicts, new: Verdicts) -> str:
    """One row for each claim that either run decided: verdict and interval, before and after."""
    before, after = ({v.id: v for v in run.verdicts} for run in (old, new))
    lines = ["| claim | before | now | same specification |", "|---|---|---|---|"]
    for id_ in sorted({*before, *after}):
        pair = (before.get(id_), after.get(id_))
        if any(one and one.status is not Status.ABSENT for one in pair):
            lines.append(f"| {id_} | {' | '.join(map(_told, pair))} | {_same(*pair)} |")
    return "\n".join(lines)


def _told(one: Verdict | None) -> str:
    if one is None:
        return DASH
    told = f"{MARKS[one.status]} {one.status}"
    if one.estimate is None or one.low is None or one.high is None:
        return told
    return f"{told} {text(measured(one.estimate, one.low, one.high))} {text(one.unit)}"


def _same(old: Verdict | None, new: Verdict | None) -> str:
    return "yes" if old and new and old.spec_sha256 == new.spec_sha256 else "no"
