"""What was proved about the checks themselves: calibration, planted bugs, other readings."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from repro.contract.ambiguities import AMBIGUITIES
from repro.contract.proofs.calibration import (
    Calibration,
    ClaimCalibration,
    KindSummary,
)
from repro.contract.proofs.coverage import COVERAGE, Coverage, Covered, read_coverage
from repro.contract.proofs.multiverse import Multiverse, read_multiverse
from repro.contract.proofs.mutants import MutmutReport, SeededMutants, read_report
from repro.contract.proofs.quality import Comparison, Search, read_figures
from repro.contract.proofs.tallies import SUMMARY, TABLE, read_calibration
from repro.contract.verdict import SaboteurCount, Status
from repro.report.numbers import count, number

Kind = TypeVar("Kind")


class Proofs(NamedTuple):
    """The files under `reports/` that speak of the checks; none where a file is not there."""

    calibration: Calibration | None = None
    """How often each check errs on evidence of known truth."""
    coverage: Coverage | None = None
    """How often intervals hold the truth, by who errs and how."""
    multiverse: Multiverse | None = None
    """What each claim came to under other readings of the paper."""
    seeded: SeededMutants | None = None
    """Bugs of the field, planted by hand."""
    mutmut: MutmutReport | None = None
    """Small changes of the judge, planted by machine."""
    compared: Sequence[Comparison] = ()
    """Our dictionaries beside SAELens's, for each profile for which they were trained."""
    search: Search | None = None
    """The recipes that were tried."""


NOTHING_PROVED = Proofs()


def read_proofs(folder: Path | None) -> Proofs:
    """Read what there is below a folder such as `reports`.

    Raises:
        ReproError: a file is there and malformed.
    """
    if folder is None:
        return NOTHING_PROVED
    return Proofs(
        calibration=_calibration(folder / "calibration"),
        coverage=_read(folder / COVERAGE, read_coverage),
        multiverse=_read(folder / "multiverse" / "multiverse.json", read_multiverse),
        seeded=_read(
            folder / "mutants" / "seeded.json", lambda path: read_report(path, SeededMutants)
        ),
        mutmut=_read(
            folder / "mutants" / "mutmut.json", lambda path: read_report(path, MutmutReport)
        ),
        compared=tuple(
            read_figures(path, Comparison)
            for path in sorted((folder / "bench").glob("dictionaries*.json"))
        ),
        search=_read(folder / "bench" / "recipe.json", lambda path: read_figures(path, Search)),
    )


def _calibration(folder: Path) -> Calibration | None:
    """None where neither of its files is there; one without the other is a mistake."""
    files = (folder / SUMMARY, folder / TABLE)
    return read_calibration(folder) if any(file.exists() for file in files) else None


def _read(path: Path, read: Callable[[Path], Kind]) -> Kind | None:
    return read(path) if path.exists() else None


def errs(proofs: Proofs, claim: str) -> str:
    """How often the claim's check errs, and what it sees; empty where it was not calibrated."""
    found = proofs.calibration.of(claim) if proofs.calibration else None
    if proofs.calibration and claim in proofs.calibration.unplaced:
        return (
            "How often the check errs at its boundary is not known on this evidence, which lies so "
            "far off that it can be moved to none."
        )
    if found is None:
        return ""
    rate = found.false_support
    return (
        f"On evidence made with the truth just at the boundary it said supported in "
        f"{_percent(rate.share)} of {count(rate.draws)} draws (at most {_percent(rate.upper)}; "
        f"stated {_percent(found.level)}) and refuted in {_percent(found.false_refute.share)}. "
        f"{_sees(found)} {found.other_errors}"
    )


def _sees(found: ClaimCalibration) -> str:
    if found.smallest_effect is None:
        return "No effect that was tried is seen in 80 % of draws."
    unit = "" if found.unit in ("", "1") else f" {found.unit}"
    return f"It sees effects from {number(found.smallest_effect)}{unit} on, in 80 % of draws."


def _percent(share: float) -> str:
    return f"{number(100 * share, 2)} %"


def holds(proofs: Proofs, claim: str, status: Status) -> str:
    """In how many readings of the paper the verdict is the same; empty where none was tried."""
    counts = proofs.multiverse.counts(claim) if proofs.multiverse else None
    if not counts:
        return ""
    told = ", ".join(f"{n} {word}" for word, n in counts.most_common())
    return (
        f"Under {counts.total()} readings of the paper, at the sizes of the profile "
        f"{_profile(proofs)}, it came to {told}. The verdict above, {status}, holds in "
        f"{counts[status]} of {counts.total()}{_first(proofs, claim, counts)}."
    )


def _first(proofs: Proofs, claim: str, counts: Counter[Status]) -> str:
    """The verdict of the first reading, whose sizes alone differ from those of the report."""
    found = proofs.multiverse.readings[0].claims.get(claim) if proofs.multiverse else None
    if found is None:
        return ""
    return f"; that of the profile's own reading, {found.status}, in {counts[found.status]}"


def _profile(proofs: Proofs) -> str:
    return proofs.multiverse.profile if proofs.multiverse else ""


def told_proofs(proofs: Proofs, saboteurs: Sequence[SaboteurCount]) -> list[str]:
    """What was proved about all checks together, a sentence each, counted and never typed."""
    caught, total = sum(s.caught for s in saboteurs), sum(s.total for s in saboteurs)
    lines = [f"{count(caught)} of {count(total)} saboteurs of the judged claims were caught."]
    if proofs.seeded:
        seeded = proofs.seeded
        lines.append(f"{count(seeded.properties)} properties are tested on drawn examples.")
        lines.append(
            f"{seeded.n_killed} of {len(seeded.mutants)} bugs that have hit the field, planted in "
            f"this code one by one, were noticed by a test ({seeded.date})."
        )
    if proofs.mutmut:
        lines.append(_told_mutmut(proofs.mutmut))
    if proofs.calibration:
        kinds = [f"{one.kind} {_percent(one.false_support.share)}" for one in _kinds(proofs)]
        lines.append(
            "False support on evidence with the truth at the boundary, the worst claim of each "
            f"kind of check: {', '.join(kinds)} ({proofs.calibration.date})."
        )
    if proofs.coverage:
        lines.append(_told_coverage(proofs.coverage))
    return lines


def _told_coverage(found: Coverage) -> str:
    """What intervals of few seeds are worth, with errors that are normal and others."""
    three, five = found.of("normal", 3), found.of("normal", 5)
    alone = {one.layout: one.half_width for one in three}
    narrower = [one.half_width / alone[one.layout] for one in five if one.layout in alone]
    skewed = [*found.of("skewed", 3), *found.of("jumping", 3)]
    return (
        f"Intervals that claim {_percent(found.confidence)} hold the truth in {_range(three)} of "
        f"{count(found.draws)} draws with normal errors and three seeds, in "
        f"{_range(found.of('skewed', 3))} with skewed ones and in {_range(found.of('jumping', 3))} "
        f"where one unit in ten jumps; the worst tail is "
        f"{_percent(max(max(one.below, one.above) for one in skewed))} where "
        f"{_percent((1 - found.confidence) / 2)} is stated. Five seeds make them down to "
        f"{number(min(narrower), 2)} as wide, and cover {_range(found.of('skewed', 5))} with "
        f"skewed errors: more seeds sharpen, they do not straighten ({found.date})."
    )


def _range(worlds: Sequence[Covered]) -> str:
    shares = [one.covers for one in worlds]
    return f"{number(100 * min(shares), 3)} to {number(100 * max(shares), 3)} %"


def _kinds(proofs: Proofs) -> Sequence[KindSummary]:
    return proofs.calibration.kinds if proofs.calibration else ()


def _told_mutmut(report: MutmutReport) -> str:
    tried = sum(m.killed + m.timeout + m.survived + m.not_covered for m in report.modules)
    rest = sum(m.not_run for m in report.modules)
    n_open = sum(survivor.kind == "open" for survivor in report.survivors)
    untried = f", {count(rest)} have not been tried" if rest else ""
    return (
        f"{_percent(report.score)} of {count(tried)} small changes that a machine made in the "
        f"judge were noticed{untried}; of those unnoticed, {count(n_open)} are not explained "
        f"({report.date})."
    )


def told_multiverse(readings: Multiverse) -> list[tuple[str, str]]:
    """Each reading's name and what differs in it, in words."""
    parameters = {one.id: one.parameter for one in AMBIGUITIES}
    lines = []
    for one in readings.readings:
        told = [f"{parameters.get(name, name)}: {_plain(v)}" for name, v in one.answers.items()]
        lines.append((one.name, ", ".join(told) or "the profile as it is"))
    return lines


def _plain(value: bool | int | float | str) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
