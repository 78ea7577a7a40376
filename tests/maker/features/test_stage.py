"""The features stage on a small project: complete tables, planted truth found, the same bytes."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.contract.evidence import Table, read_evidence
from repro.errors import ParamsError
from tests.maker.interpret.trained_project import train
from tests.stages import run
from tests.tiny_project import content, contents, params_of, write_params

TABLES = ("features", "purity", "feature_levels")
TARGETS, BLOCKS = ("full_stop", "the", "digits"), 3
TRAINED = {"sae", "sae_random_decoder"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("features")
    train(folder, content())
    return folder


def measure(project: Path, out: str, **changes: Any) -> Path:
    write_params(project, content(), **changes)
    made = project / "artifacts"
    folders = {name: made / name for name in ("fetch", "tokenize", "activate", "train")}
    run("features", params_of(project), project / out, **folders)
    return project / out


@pytest.fixture(scope="module")
def tables(project: Path) -> dict[str, Table]:
    folder = measure(project, "first")
    return {name: read_evidence(folder, name) for name in TABLES}


def rows(table: Table, **wanted: Any) -> dict[str, np.ndarray]:
    mask = np.all([table.columns[name] == value for name, value in wanted.items()], axis=0)
    return dict(table.rows(mask).columns)


def test_every_decomposition_is_searched_for_every_target_on_every_block(tables: dict[str, Table]):
    found = tables["features"].columns
    methods = {*found["method"].tolist()}
    assert methods >= TRAINED | {"sae_shuffled_tokens", "planted", "pca_signed", "ica_signed"}
    for method, rate in product(methods, ("own", "matched")):
        there = rows(tables["features"], method=method, rate=rate)
        keys = {(a, s) for a, s in zip(there["alpha"], there["seed"], strict=True)}
        assert len(there["method"]) == len(keys) * len(TARGETS) * BLOCKS
        assert {*there["target"].tolist()} == {*TARGETS}
        assert {*there["text_block"].tolist()} == {*range(BLOCKS)}


def test_parts_are_no_larger_than_their_wholes(tables: dict[str, Table]):
    found = tables["features"].columns
    for part, whole in (
        ("activation_on_target", "activation"),
        ("n_fired_on_target", "n_fired"),
        ("n_fired_on_target", "n_target"),
        ("n_fired", "n_tokens"),
    ):
        assert (found[part] <= found[whole] * (1 + 1e-6)).all(), (part, whole)
    assert (found["feature"] < found["n_candidates"]).all()
    pure = tables["purity"].columns
    assert (pure["purity"] <= pure["n"] * (1 + 1e-6)).all()
    assert (pure["n"] <= pure["n_sampled"]).all()


def test_tokens_of_a_block_are_the_same_for_every_decomposition(tables: dict[str, Table]):
    """But for planted units, which see attention sinks too."""
    found = tables["features"]
    for target, block in product(TARGETS, range(BLOCKS)):
        there = rows(found, target=target, text_block=block)
        real = there["method"] != "planted"
        exact = real & (there["method"] != "sae_shuffled_tokens")
        assert len({*there["n_tokens"][real].tolist()}) == 1
        assert len({*there["n_target"][exact].tolist()}) == 1


def test_planted_units_are_found_and_pure(tables: dict[str, Table]):
    found = rows(tables["features"], method="planted", rate="own")
    assert found["activation_on_target"].sum() / found["activation"].sum() > 0.95
    assert found["n_fired_on_target"].sum() == found["n_target"].sum()
    pure = rows(tables["purity"], method="planted", rate="own")
    assert pure["purity"].sum() / pure["n"].sum() > 0.9


def test_where_tokens_are_shuffled_nothing_is_found(tables: dict[str, Table]):
    """The precision is about the share that the target has of all tokens."""
    there = rows(tables["features"], method="sae_shuffled_tokens", rate="own")
    precision = there["activation_on_target"].sum() / there["activation"].sum()
    share = there["n_target"].sum() / there["n_tokens"].sum()
    assert precision < 2 * share + 0.05


def test_at_one_rate_no_unit_fires_more_often_than_is_wanted_where_it_was_set(
    tables: dict[str, Table],
):
    own, matched = (
        rows(tables["features"], method="pca_signed", rate=r) for r in ("own", "matched")
    )
    assert matched["n_fired"].sum() < own["n_fired"].sum()
    assert matched["n_fired"].sum() / matched["n_tokens"].sum() < 0.25


def test_levels_count_the_tokens_on_which_the_unit_that_was_found_fires(tables: dict[str, Table]):
    found = tables["feature_levels"]
    assert {*found.columns["method"].tolist()} >= TRAINED | {"pca_signed"}
    assert not {*found.columns["method"].tolist()} & {"planted", "sae_shuffled_tokens"}
    for target in TARGETS:
        told = rows(found, method="pca_signed", target=target)
        searched = rows(tables["features"], method="pca_signed", target=target, rate="own")
        assert {*told["feature"].tolist()} == {*searched["feature"].tolist()}
        assert told["n"].sum() == searched["n_fired"].sum()
        on = told["n"][told["is_on_target"] == 1].sum()
        assert on == searched["n_fired_on_target"].sum()
        assert told["level"].min() >= 0
        assert told["level"].max() == 9


def test_a_second_run_writes_the_same_bytes_whatever_the_workers(
    project: Path, tables: dict[str, Table]
):
    del tables
    spread = {"kind": "processes", "workers": 2, "threads": 1}
    again = measure(project, "again", features__executor=spread)
    same, first = contents(again), contents(project / "first")
    assert {name for name in same if name.endswith(".parquet")} == {f"{n}.parquet" for n in TABLES}
    for name in (f"{one}.parquet" for one in TABLES):
        assert same[name] == first[name]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"features__targets": ["apostrophes"]}, r"features\.targets\.0"),
        ({"features__targets": []}, r"features\.targets"),
        ({"features__dictionaries": {"gone": [1.0]}}, r"features\.dictionaries\.gone: no group"),
        ({"features__dictionaries": {"middle_r2": [7.0]}}, r"features\.dictionaries\.middle_r2"),
        ({"features__drawn": 3}, r"features\.drawn"),
    ],
)
def test_a_mistake_in_the_params_is_told_before_any_work(
    project: Path, changes: dict[str, Any], told: str
):
    with pytest.raises(ParamsError, match=told):
        measure(project, "wrong", **changes)


def test_a_target_that_the_tokenizer_lacks_is_told(project: Path):
    with pytest.raises(ParamsError, match="no token of this tokenizer is"):
        measure(project, "lacking", features__targets=["suffix_ed"])
    assert not (project / "lacking").exists()
