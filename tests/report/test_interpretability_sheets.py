"""Small tables of interpretability: complete denominators, and rank correlations of known truth."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from repro.contract.evidence import Table, read_evidence
from repro.report.figures.interpretability import rates
from repro.report.interpretability import sheets


@pytest.fixture(scope="module")
def tables(evidence: Path) -> dict[str, Table]:
    return {name: read_evidence(evidence, name) for name in ("sampled", "units")}


def told(tables: dict[str, Table], about: str) -> dict[str, dict[str, str]]:
    """The cells of the sheet whose caption says so, by row and column."""
    [sheet] = [one for one in sheets(tables)["c01"] if about in one.caption]
    return {row[0]: dict(zip(sheet.head[1:], row[1:], strict=True)) for row in sheet.rows}


def test_denominators_add_up_penalties_and_seeds_of_a_method_at_a_site(tables: dict[str, Table]):
    found = tables["sampled"].columns
    rows = told(tables, "middle site")
    ours = (found["site"] == "middle") & (found["method"] == "sae")
    by_draw = {one: ours & (found["sampled"] == one) for one in ("effective", "alive")}
    assert rows["sparse autoencoder"] == {
        "units": f"{found['n_units'][by_draw['effective']].sum():,}",
        "never fire": str(found["n_dead"][by_draw["effective"]].sum()),
        "do something": str(found["n_eligible"][by_draw["effective"]].sum()),
        "drawn": str(found["n_sampled"][by_draw["effective"]].sum()),
        "too rare": str(found["n_rare"][by_draw["effective"]].sum()),
        "scored": str(found["n_scored"][by_draw["effective"]].sum()),
        "are alive": str(found["n_eligible"][by_draw["alive"]].sum()),
        "drawn alive": str(found["n_sampled"][by_draw["alive"]].sum()),
        "too rare alive": str(found["n_rare"][by_draw["alive"]].sum()),
        "scored alive": str(found["n_scored"][by_draw["alive"]].sum()),
    }


def test_every_site_has_its_denominators_in_the_order_of_depth(tables: dict[str, Table]):
    captions = [one.caption for one in sheets(tables)["c01"]]
    told = [caption.split(", ")[1] for caption in captions if "From all units" in caption]
    assert told == ["early site", "middle site", "late site"]
    assert {f"{site} site" for site in tables["sampled"].columns["site"].tolist()} == {*told}


@pytest.mark.parametrize(
    ("claim", "sites"),
    [("c02", ["middle"]), ("c03", ["middle"]), ("c04", ["early", "middle", "late"])],
)
def test_a_claim_on_the_same_draws_has_those_of_its_own_sites(
    tables: dict[str, Table], claim: str, sites: list[str]
):
    found = sheets(tables)
    here = [one for one in found["c01"] if any(f", {site} site" in one.caption for site in sites)]
    assert found[claim] == here
    assert len(here) == len(sites)


@pytest.mark.parametrize(("sign", "expected"), [(1.0, "1.00"), (-1.0, "−1.00"), (0.0, "—")])
def test_a_rank_correlation_is_that_of_the_scored_units(tables, sign: float, expected: str):
    units = tables["units"]
    n = len(units)
    score = sign * np.exp(units.columns["kurtosis"] / 50)
    is_scored = (np.arange(n) % 7 > 0).astype(int)
    odd = np.where(is_scored, score, 1e9)  # what has no score must not count
    rows = told(
        tables | {"units": units.replace(score=odd, is_scored=is_scored)}, "rank correlation"
    )
    assert {one["kurtosis"] for one in rows.values() if int(one["units"]) >= 10} == {expected}


def test_a_rank_correlation_with_ties_is_scipys(tables: dict[str, Table]):
    units, draw = tables["units"], np.random.default_rng(3)
    kurtosis = draw.integers(0, 5, len(units)).astype(float)
    score = np.round(kurtosis / 5 + draw.normal(0, 0.5, len(units)), 1)
    rows = told({"units": units.replace(kurtosis=kurtosis, score=score)}, "rank correlation")
    found = units.columns
    ours = (found["site"] == "middle") & (found["method"] == "sae") & (found["is_effective"] == 1)
    expected: Any = spearmanr(kurtosis[ours], score[ours])
    assert rows["sparse autoencoder, middle"]["kurtosis"] == f"{expected.statistic:.2f}"
    assert 0.05 < expected.statistic < 0.95


def test_few_units_have_no_correlation(tables: dict[str, Table]):
    units = tables["units"]
    few = units.rows(units.columns["unit"] == 0)
    rows = told(tables | {"units": few}, "rank correlation")
    assert all(one["density"] == "—" for one in rows.values() if int(one["units"]) < 10)


def test_the_points_of_a_roc_are_shares_at_or_above_each_threshold():
    pure, mixed = np.array([0.9, 0.5, 0.5]), np.array([0.5, 0.1])
    false, true = rates(pure, mixed)
    assert false.tolist() == [0.0, 0.0, 0.5, 1.0]
    assert true == pytest.approx([0.0, 1 / 3, 1.0, 1.0])
    wins = (pure[:, None] > mixed).mean() + (pure[:, None] == mixed).mean() / 2
    assert np.trapezoid(true, false) == pytest.approx(wins)
