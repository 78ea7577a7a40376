"""Verdicts in a form that `dvc metrics` and `dvc exp show` compare from run to run."""

from pathlib import Path
from typing import Any

from repro.contract.verdict import Verdict, Verdicts
from repro.files import write_json


def write_metrics(target: Path, verdicts: Verdicts) -> None:
    """Write the metrics of all claims as JSON, by claim."""
    write_json(target, {verdict.id: metrics_of(verdict) for verdict in verdicts.verdicts})


def metrics_of(verdict: Verdict) -> dict[str, Any]:
    """Status of a claim, with estimate and interval where there are some."""
    numbers = {"estimate": verdict.estimate, "low": verdict.low, "high": verdict.high}
    found = {name: value for name, value in numbers.items() if value is not None}
    return {"status": str(verdict.status), **found}
