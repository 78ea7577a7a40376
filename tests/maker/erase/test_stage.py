"""The erase stage on a small project: complete tables, the same bytes, and clear errors."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.contract.evidence import Table, read_evidence
from repro.errors import ParamsError
from tests.maker.interpret.trained_project import measured, named, rows, train
from tests.tiny_project import content, contents

pytestmark = pytest.mark.slow

TABLES = ("erase", "erase_scores", "erase_features")
LOST = ("once", "quarter", "half", "three_quarters")
OF_DICTIONARIES = ("sae", "sae_likest", "random_feature")
OTHERS = ("neurons_signed", "leace", "mean_difference")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("erase")
    train(folder, content())
    return folder


def measure(project: Path, out: str, **changes: Any) -> Path:
    return measured("erase", project, out, content(), **changes)


@pytest.fixture(scope="module")
def tables(project: Path) -> dict[str, Table]:
    folder = measure(project, "first")
    return {name: read_evidence(folder, name) for name in TABLES}


def test_every_way_is_told_at_every_loss_and_block(tables: dict[str, Table]):
    assert {*tables["erase"].columns["method"].tolist()} == {*OF_DICTIONARIES, *OTHERS}
    for method, lost in product((*OF_DICTIONARIES, *OTHERS), LOST):
        seeds = (0, 1) if method in OF_DICTIONARIES else (0,)
        text = rows(tables["erase"], method=method, lost=lost)
        assert sorted(text["text_block"].tolist()) == sorted([0, 1, 2] * len(seeds))
        assert {*text["seed"].tolist()} == {*seeds}
        for task in ("gender", "pronoun"):
            scores = rows(tables["erase_scores"], method=method, lost=lost, task=task)
            alone = rows(tables["erase_scores"], method="leace", lost="once", task="gender")
            assert alone["n_prompts"].sum() > 0
            assert alone["n_prompts"].sum() % 2 == 0
            assert scores["n_prompts"].sum() == len(seeds) * alone["n_prompts"].sum()


def test_a_stronger_erasure_is_asked_for_more_and_the_clean_score_is_one(tables: dict[str, Table]):
    found = tables["erase_scores"]
    whole = rows(found, lost="once", task="gender")
    for lost, share in (("quarter", 0.25), ("half", 0.5), ("three_quarters", 0.75)):
        there = rows(found, lost=lost, task="gender")
        assert there["score_to_lose"] == pytest.approx(share * whole["score_to_lose"], rel=1e-5)
    by_method = [rows(found, method=m, lost="once", seed=0) for m in OTHERS]
    for one in by_method[1:]:
        assert one["score_above_chance"].tolist() == by_method[0]["score_above_chance"].tolist()


def test_a_strength_is_told_of_each_and_once_is_a_whole_erasure(tables: dict[str, Table]):
    text, features = tables["erase"], tables["erase_features"]
    assert {*rows(text, lost="once")["strength"].tolist()} == {1.0}
    assert {*rows(features, lost="once")["is_reached"].tolist()} == {1}
    short = features.columns["is_reached"] == 0
    assert {*features.columns["strength"][short].tolist()} <= {8.0}
    assert (features.columns["strength"] <= 8.0).all()
    with_unit = features.columns["feature"] >= 0
    assert {*features.columns["method"][~with_unit].tolist()} == {"leace", "mean_difference"}
    likest = rows(features, method="sae_likest", lost="once")
    best = rows(features, method="sae", lost="once")
    assert (np.abs(likest["cosine"]) >= np.abs(best["cosine"]) - 1e-6).all()


def test_divergence_is_positive_and_the_scale_is_the_same_for_all(tables: dict[str, Table]):
    found = tables["erase"].columns
    assert (found["kl"] >= -1e-4).all()
    for block in range(3):
        here = found["text_block"] == block
        assert len({*found["kl_whole"][here].tolist()}) == 1
        assert len({*found["n_tokens"][here].tolist()}) == 1


def test_a_second_run_writes_the_same_bytes_whatever_the_workers(
    project: Path, tables: dict[str, Table]
):
    del tables
    spread = {"kind": "processes", "workers": 2, "threads": 1}
    same, first = (
        contents(measure(project, "again", erase__executor=spread)),
        contents(project / "first"),
    )
    for name in (f"{one}.parquet" for one in TABLES):
        assert same[name] == first[name]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"erase__site": "nowhere"}, r"erase\.site: 'nowhere' is no site"),
        ({"erase__dictionaries": {"gone": [1.0]}}, r"erase\.dictionaries\.gone: no group"),
        ({"erase__dictionaries": {"middle_r2": [7.0]}}, r"erase\.dictionaries\.middle_r2"),
        ({"erase__strengths": [2.0, 1.0]}, r"erase\.strengths"),
        ({"erase__strengths": [2.0, 4.0]}, r"1\.0 is missing"),
        ({"erase__names": "none.yaml"}, r"none\.yaml is missing"),
    ],
)
def test_a_mistake_in_the_params_is_told(project: Path, changes: dict[str, Any], told: str):
    with pytest.raises(ParamsError, match=told):
        measure(project, "wrong", **changes)
    assert not (project / "wrong").exists()


def test_units_are_named_for_cards_by_their_dictionary(project: Path, tables: dict[str, Table]):
    named(project, "erase", tables["erase_features"], ("sae", "sae_likest", "random_feature"))
