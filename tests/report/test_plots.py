"""What `dvc plots` draws are the points of the figures, and an absent table draws none."""

import csv
import io
from pathlib import Path

import pytest

from repro.contract.evidence import Table, read_evidence
from repro.contract.vocabulary import made
from repro.report.figures.curves import select
from repro.report.figures.drawn import ForestRow
from repro.report.figures.palette import METHODS
from repro.report.figures.tradeoff import FVU, L0
from repro.report.plots import plots


@pytest.fixture
def tables(evidence: Path) -> dict[str, Table]:
    return {name: read_evidence(evidence, name) for name in made()}


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_point_of_the_tradeoff_is_a_ratio_of_sums(tables: dict[str, Table]):
    rows = read(plots(tables, {})["tradeoff"])
    pca = [row for row in rows if row["series"] == METHODS["pca_topk"].label]
    own = select(tables["fidelity"], site="middle", method="pca_topk")
    expected = {(L0.of(of_k), FVU.of(of_k)) for k in {*own.columns["k"].tolist()}
                for of_k in [select(own, k=k)]}  # fmt: skip
    assert {(float(row["l0"]), float(row["fvu"])) for row in pca} == expected
    assert len(pca) > 1


def test_the_curves_of_the_localisation_begin_with_nothing_patched(tables: dict[str, Table]):
    rows = read(plots(tables, {})["localisation"])
    assert {row["patched"] for row in rows if row["series"] == "PCA"} >= {"0.0"}
    assert all(float(row["kl"]) >= 0 for row in rows)


def test_each_condition_stands_where_it_stands_in_the_forest(tables: dict[str, Table]):
    one = ForestRow(low=-1.0, high=2.0, estimate=0.5, joint=None)
    (row,) = read(plots(tables, {"c15 supported": one})["forest"])
    assert row == {"claim": "c15 supported", "standing": "0.5", "low": "-1.0", "high": "2.0"}


def test_without_tables_there_are_heads_alone():
    found = plots({}, {})
    assert {name: read(text) for name, text in found.items()} == {key: [] for key in found}
    assert found["tradeoff"] == "series,l0,fvu\n"
