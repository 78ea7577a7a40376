"""The decision rules, one file each, and the one way to run them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from repro.contract.evidence import Table
from repro.errors import UnreachedError
from repro.judge.checks.cells import Thin
from repro.judge.checks.dominates import check_dominates
from repro.judge.checks.exceeds import check_exceeds
from repro.judge.checks.monotone import check_monotone
from repro.judge.checks.outcome import Outcome, joined, unmeasured
from repro.judge.checks.sides import check_reached, count
from repro.judge.checks.smooth import check_smooth
from repro.judge.checks.within import check_within
from repro.spec.decisions import All, Check, Decision, Dominates, Exceeds, Monotone, Smooth, Within

__all__ = ["Outcome", "run_check"]


def run_check(check: Check, tables: Mapping[str, Table], confidence: float) -> Outcome:
    """Judge a check on its tables.

    Raises:
        EvidenceError: no row fits a selection, since none was measured.
        SpecError: the claim names a column that its table lacks.
        DegenerateInputError: a ratio has no value.
    """
    if isinstance(check, All):
        n_parts = len(check.parts)
        return joined([_run(p, tables[p.reads], confidence, n_parts) for p in check.parts])
    return _run(check, tables[check.reads], confidence, 1)


def _run(check: Decision, table: Table, confidence: float, n_parts: int) -> Outcome:
    try:
        return _counted(check, table, confidence, n_parts)
    except UnreachedError as why:
        return unmeasured(check, why.found)


def _counted(check: Decision, table: Table, confidence: float, n_parts: int) -> Outcome:
    n = count(table, check)
    few = {name: units for name, units in n.items() if units < check.min_clusters}
    few = {name: units for name, units in few.items() if not name.startswith("rows")}
    if few:
        found = ", ".join(f"{units} of {name}" for name, units in few.items())
        return replace(
            unmeasured(check, f"too thin: {found}, {check.min_clusters} are needed"), n=n
        )
    try:
        check_reached(table, check)
        return replace(_dispatch(check, table, confidence, n_parts), n=n)
    except Thin as why:
        return replace(unmeasured(check, str(why)), n=n)


def _dispatch(check: Decision, table: Table, confidence: float, n_parts: int) -> Outcome:
    match check:
        case Exceeds():
            return check_exceeds(check, table, confidence, n_parts)
        case Within():
            return check_within(check, table, confidence, n_parts)
        case Monotone():
            return check_monotone(check, table, confidence, n_parts)
        case Dominates():
            return check_dominates(check, table, confidence, n_parts)
        case Smooth():
            return check_smooth(check, table, confidence, n_parts)
        case _ as never:
            assert_never(never)
