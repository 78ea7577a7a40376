"""A bug in either judge is noticed through the other, on evidence on which they agree."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.contract.evidence import Table, read_evidence
from repro.contract.verdict import Finding, Verdicts, VerdictScope
from repro.judge import checks, decide, stats
from repro.judge.checks import cells, curves, outcome, replicates, smooth
from repro.second import cells as second_cells
from repro.second import curves as second_curves
from repro.second import decide as second_decide
from repro.second import holm as second_holm
from repro.second import measure, noise, quantities, units
from repro.second import words as second_words
from repro.second.agree import disagreements
from repro.second.rows import Rows, read_rows
from repro.spec import load_claims
from repro.spec.quantities import Where
from tests.import_graph import ROOT

LAPTOP = ROOT / "reports" / "laptop" / "evidence"
CLAIMS = {one.id: one for one in load_claims(ROOT / "claims")}
USED = ("c02", "c06", "c14", "c15", "c16", "c17", "c18", "c19", "c20", "k04")
Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


class Both:
    """The two judges on the same tables, read once."""

    def __init__(self, folder: Path, names: set[str]):
        self.folder = folder
        self.first = {one: read_evidence(folder, one) for one in names}
        self.second: dict[str, Rows] = {one: read_rows(folder, one) for one in names}

    def differ(self, name: str, *, agreeing: bool = False) -> list[str]:
        """On what they disagree of a claim; `agreeing`: where all seeds find as many units."""
        claim = CLAIMS[name]
        # Anew, as a table keeps what it was asked.
        tables = {
            one: Table(self.first[one].columns, self.first[one].header) for one in claim.reads
        }
        rows = dict(self.second)
        if agreeing:
            same = {"n_alive": tables["dictionaries"].columns["n_features"] - 3}
            tables["dictionaries"] = tables["dictionaries"].replace(**same)
            rows["dictionaries"] = Rows("dictionaries", rows["dictionaries"].columns | same)
        found = decide.judge(claim, tables)
        ruling = second_decide.decide(second_decide.Evidence(self.folder, rows), claim, {})
        scope = VerdictScope(details={name: found.details})
        verdicts = Verdicts(schema=2, profile="x", scope=scope, verdicts=[found.verdict])
        return disagreements(verdicts, {name: ruling})


@pytest.fixture(scope="module")
def both() -> Both:
    return Both(LAPTOP, {name for one in USED for name in CLAIMS[one].reads})


@pytest.mark.parametrize("claim", USED)
def test_they_agree_as_they_are(both: Both, claim: str):
    assert both.differ(claim) == []


def test_they_agree_where_units_agree(both: Both):
    assert both.differ("c17", agreeing=True) == []


def put(where: Any, name: str, wrong: Any) -> Plant:
    return lambda patch: patch.setattr(where, name, wrong)


def out(where: Any, name: str, change: Callable[[Any], Any]) -> Plant:
    """A function whose result is changed."""
    right = getattr(where, name)
    return put(where, name, lambda *given, **more: change(right(*given, **more)))


def fed(where: Any, name: str, change: Callable[..., tuple[Any, ...]]) -> Plant:
    """A function that is given something else."""
    right = getattr(where, name)
    return put(where, name, lambda *given: right(*change(*given)))


def always(where: Any, name: str, value: Any) -> Plant:
    """A function that gives the same whatever it is given."""
    return put(where, name, lambda *_given, **_more: value)


def chords(at: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([np.interp(*line) for line in zip(at, x, y, strict=True)])


def other_end(given: Any, where: Sequence[Where]) -> tuple[Any, tuple[Where, ...]]:
    turn = {"min": "max", "max": "min"}
    turned = [one.model_copy(update={"pick": turn[one.pick]}) if one.pick else one for one in where]
    return given, tuple(turned)


def without_less(given: Any, of: Any) -> tuple[Any, Any]:
    return given, of.model_copy(update={"less": None})


FIRST: Mapping[str, tuple[str, Plant]] = {
    "variances too large": (
        "c15", out(stats, "jackknife", lambda one: replace(one, variances=1.5 * one.variances)),
    ),
    "degrees of freedom off by one": (
        "c15", out(stats, "jackknife", lambda one: replace(one, degrees=one.degrees + 1)),
    ),
    "one quantile for all families": (
        "c15", out(stats, "jackknife", lambda one: replace(one, degrees=0 * one.degrees + 2)),
    ),
    "fewer groups of documents": ("c14", put(stats, "MOST_GROUPS", 10)),
    "a lone seed leaves": ("c15", out(stats, "_lone_strata", np.zeros_like)),
    "a coarser grid": ("c15", put(curves, "N_GRID", 8)),
    "chords": ("c16", put(curves, "_heights_at", chords)),
    "no error of interpolation": ("c16", always(curves, "_error_on", 0.0)),
    "x not in logarithms": (
        "c15", put(replicates.Replicates, "log_of", lambda self, x: self.ratio(x)),
    ),
    "the smallest penalty for the largest": ("c18", fed(cells, "select", other_end)),
    "nothing is joint": ("c06", always(stats, "family_confidence", 0.95)),
    "every finding too small": ("c06", always(outcome, "_finding", Finding.SMALLER)),
    "p-values of one side": ("c17", out(stats.Noise, "p_at", lambda p: p / 2)),
    "parts joined from the last": (
        "k02", fed(checks, "joined", lambda parts: (parts[::-1],)),
    ),
    "controls always behave": ("c17", always(decide, "_behaves", True)),
    "failed controls change nothing": ("c17", always(decide, "_instead", None)),
    "distances from a line": ("c14", fed(smooth, "residuals", lambda x, y, _degree: (x, y, 1))),
    "what is less is not subtracted": (
        "c18", fed(replicates.Replicates, "ratio", without_less),
    ),
    "agreeing units are certain": ("c17", always(replicates, "floors_of", [])),
}  # fmt: skip

SECOND: Mapping[str, tuple[str, Plant]] = {
    "variances without their factor": (
        "c15", out(measure, "jackknife", lambda one: replace(one, variance=1.5 * one.variance)),
    ),
    "degrees of freedom off by one": (
        "c15", out(measure, "jackknife", lambda one: replace(one, degrees=one.degrees + 1)),
    ),
    "quantiles of one side": (
        "c15", fed(noise, "quantile", lambda alpha, degrees: (2 * alpha, degrees)),
    ),
    "fewer groups of documents": ("c14", put(units, "MOST_GROUPS", 10)),
    "a coarser grid": ("c15", put(second_curves, "POINTS", 8)),
    "chords": ("c16", always(second_curves, "_is_straight", True)),
    "no error of interpolation": ("c16", always(quantities, "interpolation_error", 0.0)),
    "nothing in logarithms": ("c15", put(second_cells, "_logarithm", lambda value: value)),
    "the smallest penalty for the largest": ("c18", fed(second_cells, "selected", other_end)),
    "what is less is not subtracted": ("c18", fed(second_cells, "_ratio", without_less)),
    "the first rival reported": ("c15", always(second_words, "_weakest", 0)),
    "every finding too small": ("c06", always(second_words, "_finding", Finding.SMALLER)),
    "controls always behave": (
        "c17", out(second_decide, "_behaved", lambda one: (one[0], True)),
    ),
    "failed controls change nothing": ("c17", always(second_decide, "_with_controls", None)),
    "agreeing units are certain": ("c17", always(measure, "agreeing", [])),
    "a share's error of one half": ("c17", out(measure, "share_error", lambda e: e / 2)),
    "p-values of one side": ("c17", out(noise.Number, "p_value", lambda p: p / 2)),
}  # fmt: skip
AGREEING = (
    *("agreeing units are certain", "a share's error of one half"),
    *("controls always behave", "failed controls change nothing"),
)
"""Bugs that show only where all units agree, a control with dead units too, which then fails."""


@pytest.mark.parametrize(("claim", "plant"), FIRST.values(), ids=FIRST)
def test_a_bug_in_the_first_judge_is_noticed(
    both: Both, claim: str, plant: Plant, monkeypatch: Patch, request: pytest.FixtureRequest
):
    plant(monkeypatch)
    assert both.differ(claim, agreeing=request.node.callspec.id in AGREEING)


@pytest.mark.parametrize(("claim", "plant"), SECOND.values(), ids=SECOND)
def test_a_bug_in_the_second_judge_is_noticed(
    both: Both, claim: str, plant: Plant, monkeypatch: Patch, request: pytest.FixtureRequest
):
    plant(monkeypatch)
    assert both.differ(claim, agreeing=request.node.callspec.id in AGREEING)


def test_the_two_ways_to_hold_all_claims_together_agree():
    """Bonferroni, or Holm without its running maximum, would not."""
    draw = np.random.default_rng(0)
    for n in (2, 7, 22):
        p_values = {str(i): float(p) for i, p in enumerate(draw.beta(0.3, 1.0, n))}
        p_values |= {"tied": next(iter(p_values.values()))}
        ours, theirs = stats.holm(p_values), second_holm.holm(p_values)
        assert ours == pytest.approx(theirs, abs=1e-15)
        bonferroni = {name: min(1.0, len(p_values) * p) for name, p in p_values.items()}
        assert ours != pytest.approx(bonferroni)
