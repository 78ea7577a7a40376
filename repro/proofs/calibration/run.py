"""Calibrate the checks of a folder of claims on a folder of evidence."""

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from repro.contract.evidence import Table, read_evidence
from repro.contract.proofs.calibration import Calibration
from repro.errors import EvidenceError
from repro.judge.checks import run_check
from repro.proofs.calibration.boundaries import subject_of
from repro.proofs.calibration.measured import worlds_of
from repro.proofs.calibration.simulate import Draws, Plan, Tally, plan, tallies
from repro.proofs.calibration.summary import by_kind, calibration_of
from repro.spec import Claim, load_claims
from repro.spec.decisions import Check, Decision, Within, parts_of

ROUNDING = 1e-5
"""Bands up to this width allow for the rounding of arithmetic alone."""

Watched = Callable[[Iterator[Tally], int], Iterator[Tally]]
"""Hands tallies through, and may show a person how far they are of a total."""


@dataclass(frozen=True)
class Judged:
    """A check to calibrate and whose it is."""

    claim: Claim
    control: str | None
    check: Check

    @property
    def name(self) -> str:
        """Unique among all that is calibrated."""
        return f"{self.claim.id}/{self.control or ''}"


def calibrate(
    evidence: Path, claims: Path, draws: Draws, jobs: int, watched: Watched
) -> Calibration:
    """Draw evidence of known truth for every claim that its tables measure.

    Raises:
        EvidenceError: a table is broken, or no claim can be calibrated.
        SpecError: a claim file is not one valid claim.
    """
    specs = load_claims(claims)
    tables = _tables(evidence, specs)
    judged = list(_judged(specs, tables))
    if not judged:
        raise EvidenceError(
            f"{evidence} holds no table on which a claim measures anything",
            expected="the evidence of a profile",
            mend="repro run",
        )
    plans = [_plan(one, tables, draws) for one in judged]
    placed = [(one, its) for one, its in zip(judged, plans, strict=True) if its.tasks]
    tasks = [task for _, its in placed for task in its.tasks]
    counted = list(watched(tallies(tasks, jobs), len(tasks)))
    found = [
        calibration_of(
            one.claim.id,
            one.control,
            one.check,
            one.claim.confidence,
            its,
            [tally for tally in counted if tally.subject == one.name],
        )
        for one, its in placed
    ]
    return Calibration(
        **_circumstances(),
        evidence={name: table.header.sha256 for name, table in tables.items()},
        seed=draws.seed,
        draws={"normal": draws.normal, "other": draws.other, "power": draws.power},
        claims=found,
        kinds=by_kind(found),
        unplaced={
            one.name.rstrip("/"): its.unreachable
            for one, its in zip(judged, plans, strict=True)
            if not its.tasks
        },
    )


def _plan(one: Judged, tables: dict[str, Table], draws: Draws) -> Plan:
    worlds = worlds_of(one.check, tables)
    return plan(one.name, subject_of(one.check, worlds, one.claim.confidence, draws.seed), draws)


def _tables(folder: Path, specs: Sequence[Claim]) -> dict[str, Table]:
    names = dict.fromkeys(part.reads for one in specs for part in parts_of(one.check))
    return {
        name: read_evidence(folder, name) for name in names if (folder / f"{name}.json").exists()
    }


def _judged(specs: Sequence[Claim], tables: dict[str, Table]) -> Iterator[Judged]:
    """Each claim's own check, and those of controls that use a kind which no claim uses itself.

    Left out are those that measure nothing (no rows came out as they ask, or too few), and those
    whose rows are not the same units in every setting.
    """
    ready = [one for one in specs if _measures(one.check, tables, one.confidence)]
    own = {part.kind for one in ready for part in parts_of(one.check)}
    for claim in ready:
        yield Judged(claim, None, claim.check)
        for control in claim.controls:
            parts = parts_of(control.check)
            if {part.kind for part in parts} & own or not all(map(_has_noise, parts)):
                continue
            if _measures(control.check, tables, claim.confidence):
                yield Judged(claim, control.name, control.check)


def _measures(check: Check, tables: dict[str, Table], confidence: float) -> bool:
    """Whether every condition of a check has a number on these tables, from a whole layout.

    Where some curves of a setting did not come down to a level, its rows are not those of every
    unit, and there is no telling what noise the missing ones would have had.
    """
    if any(part.reads not in tables for part in parts_of(check)):
        return False
    found = run_check(check, tables, confidence)
    if not all(part.is_measured for part in found.parts or (found,)):
        return False
    try:
        worlds_of(check, tables)
    except EvidenceError:
        return False
    return True


def _has_noise(part: Decision) -> bool:
    """Whether a rule allows for noise; a band as wide as rounding asks for exactly one value."""
    return not isinstance(part, Within) or part.high - part.low > ROUNDING


def _circumstances() -> dict[str, Any]:
    packages = ("numpy", "scipy", "pydantic")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
    }
