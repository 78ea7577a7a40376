"""The steer stage on a small project: complete tables, the same bytes, and clear errors."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.contract.evidence import Table, read_evidence, read_header
from repro.errors import ParamsError
from tests.maker.interpret.trained_project import measured, named, rows, train
from tests.tiny_project import content, contents

pytestmark = pytest.mark.slow

TABLES = ("steer", "steer_texts")
PROMPTS, TOKENS = 3, 4
OTHERS = ("random_direction", "planted", "mean_difference", "pca_signed", "neurons_signed")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("steer")
    train(folder, content())
    return folder


def measure(project: Path, out: str, **changes: Any) -> Path:
    return measured("steer", project, out, content(), **changes)


@pytest.fixture(scope="module")
def tables(project: Path) -> dict[str, Table]:
    folder = measure(project, "first")
    return {name: read_evidence(folder, name) for name in TABLES}


def test_every_feature_is_pushed_before_every_prompt_beside_its_rivals(tables: dict[str, Table]):
    table = tables["steer"]
    assert {*table.columns["method"].tolist()} == {"sae", *OTHERS, "prompted"}
    for seed in (0, 1):
        own = rows(table, method="sae", seed=seed, calibration="loss")
        features = [*zip(own["feature"].tolist(), own["chosen"].tolist(), strict=True)]
        assert sorted(own["prompt"].tolist()) == sorted(
            [*range(PROMPTS)] * (len(features) // PROMPTS)
        )
        assert {how for _, how in features} == {"random", "best"}
        for method in (*OTHERS, "prompted"):
            there = rows(table, method=method, seed=seed, calibration="loss")
            assert sorted(there["feature"].tolist()) == sorted(own["feature"].tolist()), method
    assert {*table.columns["n_tokens"].tolist()} == {TOKENS}


def test_equally_long_pushes_are_equally_long_and_a_request_is_none(tables: dict[str, Table]):
    table = tables["steer"]
    even = rows(table, calibration="norm")
    assert {*even["method"].tolist()} == {"sae", "random_direction"}
    assert {*even["length"].tolist()} == {0.5}
    assert {*rows(table, method="prompted")["length"].tolist()} == {0.0}
    by_loss = rows(table, calibration="loss", method="sae")
    assert (by_loss["length"] > 0).all()
    assert (by_loss["length"] <= 2.0).all()


def test_the_planted_direction_raises_the_keywords(tables: dict[str, Table]):
    planted, random = (
        rows(tables["steer"], method=one, calibration="loss")["log_odds_shift"]
        for one in ("planted", "random_direction")
    )
    assert planted.mean() > random.mean() + 0.1


def test_what_is_allowed_is_the_plain_loss_and_the_rise(tables: dict[str, Table]):
    found = tables["steer"].columns
    rise = found["loss_allowed"] - found["loss_plain"]
    assert rise == pytest.approx(0.1 * TOKENS, abs=1e-3)
    assert (found["loss_steered"] > 0).all()
    for prompt in range(PROMPTS):
        plain = found["loss_plain"][found["prompt"] == prompt]
        assert np.ptp(plain) < 1e-4
    assert ((found["n_keywords"] > 0) == (found["n_with_keyword"] == 1)).all()


def test_texts_are_those_of_the_feature_at_what_is_allowed(tables: dict[str, Table]):
    texts, own = (
        tables["steer_texts"].columns,
        rows(tables["steer"], method="sae", calibration="loss"),
    )
    assert len(texts["plain"]) == len(own["n"])
    assert {*texts["calibration"].tolist()} == {"loss"}
    assert all(texts["keywords"])
    for prompt in range(PROMPTS):
        assert len({*texts["plain"][texts["prompt"] == prompt].tolist()}) == 1


def test_denominators_say_how_many_features_had_a_label(project: Path, tables: dict[str, Table]):
    del tables
    counts = read_header(project / "first", "steer").counts
    assert counts["features_asked_for"] == 6
    assert 0 < counts["features_pushed"] <= 6
    assert counts["prompts"] == PROMPTS


def test_a_second_run_writes_the_same_bytes_whatever_the_workers(
    project: Path, tables: dict[str, Table]
):
    del tables
    spread = {"kind": "processes", "workers": 2, "threads": 1}
    again = measure(project, "again", steer__executor=spread)
    same, first = contents(again), contents(project / "first")
    for name in (f"{one}.parquet" for one in TABLES):
        assert same[name] == first[name]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"steer__site": "nowhere"}, r"steer\.site: 'nowhere' is no site"),
        ({"steer__dictionaries": {"gone": [1.0]}}, r"steer\.dictionaries\.gone: no group"),
        ({"steer__dictionaries": {"middle_random": [7.0]}}, r"steer\.dictionaries\.middle_random"),
        ({"steer__prompts": ["one"]}, r"steer\.prompts"),
        ({"steer__lengths": [2.0, 1.0, 3.0]}, r"steer\.lengths"),
    ],
)
def test_a_mistake_in_the_params_is_told(project: Path, changes: dict[str, Any], told: str):
    with pytest.raises(ParamsError, match=told):
        measure(project, "wrong", **changes)


def test_units_are_named_for_cards_by_their_dictionary(project: Path, tables: dict[str, Table]):
    named(project, "steer", tables["steer"], ("sae",))
