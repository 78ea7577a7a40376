"""The features stage on a small project: complete tables, planted truth found, the same bytes."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.contract.evidence import Table, read_evidence
from repro.errors import ParamsError, SourceError
from tests.maker.interpret.trained_project import measured, named, rows, train
from tests.tiny_params import resid_post
from tests.tiny_project import content, contents, group

TABLES = (
    *("features", "purity", "feature_levels", "feature_ablations"),
    *("circuits", "circuit_edges", "absorption"),
)
TARGETS, BLOCKS = ("full_stop", "the", "digits"), 3
TRAINED = {"sae", "sae_random_decoder"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("features")
    train(folder, values())
    return folder


def values() -> dict[str, Any]:
    """A project of two sites, so that a feature can have parents."""
    found = content()
    found["activate"]["hook_points"]["early"] = resid_post(0)
    found["train"]["groups"]["early_r2"] = group("early", [2.0e-3], [0, 1])
    one = {"alpha": 2.0e-3}
    found["features"]["circuits"] = {
        "parents": {"group": "early_r2", **one},
        "children": {"group": "middle_r2", **one},
        "features": 6,
        "contexts": 3,
        "screened": 4,
        "taken": 2,
        "draws": 2,
    }
    return found


def measure(project: Path, out: str, **changes: Any) -> Path:
    return measured("features", project, out, values(), **changes)


@pytest.fixture(scope="module")
def tables(project: Path) -> dict[str, Table]:
    folder = measure(project, "first")
    return {name: read_evidence(folder, name) for name in TABLES}


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
        searched = rows(tables["features"], method="pca_signed", target=target, rate="own", seed=0)
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


def test_a_unit_is_taken_out_of_every_decomposition_and_a_push_is_as_long(tables: dict[str, Table]):
    table = tables["feature_ablations"]
    assert {*table.columns["method"].tolist()} >= TRAINED | {"pca_signed", "random_direction"}
    own, random = (rows(table, method=one) for one in ("sae", "random_direction"))
    assert own["edit_norm"] == pytest.approx(random["edit_norm"], rel=1e-4)
    assert own["n_active"].tolist() == random["n_active"].tolist()
    assert len({*table.columns["expected"].tolist()}) == 1
    searched = rows(tables["features"], method="sae", target="full_stop", rate="own")
    assert {*own["feature"].tolist()} == {*searched["feature"].tolist()}
    found = table.columns
    assert ((found["place"] > 1) == (found["n_outdone"] == 1)).all()
    assert (np.abs(found["fall"]) <= found["change"] * (1 + 1e-6)).all()


def test_a_unit_that_is_nowhere_active_changes_nothing_exactly(tables: dict[str, Table]):
    """Not even by rounding, which would put the tokens into some order."""
    found = tables["feature_ablations"].columns
    idle = found["edit_norm"] == 0
    assert idle.any()
    for column in ("change", "fall", "loss_rise"):
        assert not found[column][idle].any()
    assert len({*found["place"][idle].tolist()}) == 1
    assert found["place"][idle].min() == found["place"].max()


def test_the_planted_direction_lowers_the_expected_token_most(tables: dict[str, Table]):
    found = rows(tables["feature_ablations"], method="planted")
    assert found["n_outdone"].tolist() == [0] * BLOCKS
    assert (found["fall"] / found["n_contexts"]).min() > 0.5


def test_parents_and_random_features_are_ablated_in_the_same_contexts(tables: dict[str, Table]):
    table = tables["circuits"]
    assert {*table.columns["method"].tolist()} == {"sae", "planted"}
    for seed in (0, 1):
        parents, random = (
            rows(table, method="sae", seed=seed, ablated=one, draw=0)
            for one in ("parents", "random_active")
        )
        assert len(parents["n"])
        for column in ("feature", "text_block", "n", "activation", "parents_norm"):
            assert parents[column].tolist() == random[column].tolist()
        assert parents["edit_norm"].tolist() == parents["parents_norm"].tolist()
        assert {*parents["n_ablated"].tolist()} == {2}
        by_feature = [parents["n"][parents["feature"] == one].sum() for one in parents["feature"]]
        assert {*by_feature} == {3}


def test_planted_circuits_are_found(tables: dict[str, Table]):
    parents, random = (
        rows(tables["circuits"], method="planted", ablated=one)
        for one in ("parents", "random_active")
    )
    assert parents["activation_ablated"].sum() < 0.01 * parents["activation"].sum()
    assert random["activation_ablated"].sum() > 0.99 * random["activation"].sum()


def test_candidates_are_told_in_the_order_of_their_fall(tables: dict[str, Table]):
    found = rows(tables["circuit_edges"], method="sae", seed=0)
    for feature in {*found["feature"].tolist()}:
        here = found["feature"] == feature
        assert found["rank"][here].tolist() == [1, 2, 3, 4]
        assert (np.diff(found["fall"][here]) <= 0).all()
        assert found["is_parent"][here].tolist() == [1, 1, 0, 0]
        assert all(found["parent_says"][here][:2])


def test_words_of_a_letter_are_counted_by_what_becomes_of_them(tables: dict[str, Table]):
    table = tables["absorption"]
    assert {*table.columns["method"].tolist()} >= TRAINED | {"planted", "planted_clean"}
    found = table.columns
    for part, whole in (
        ("n_parent_expected", "n_words"),
        ("n_silent", "n_parent_expected"),
        ("n_kept", "n_parent_expected"),
        ("n_false", "n_others"),
    ):
        assert (found[part] <= found[whole]).all(), (part, whole)
    assert (found["n_parent_expected"] - found["n_kept"] <= found["n_silent"]).all()
    clean, absorbed = (rows(table, method=one) for one in ("planted_clean", "planted"))
    assert (clean["n_kept"] == clean["n_parent_expected"]).all()
    assert absorbed["n_kept"].sum() < 0.9 * absorbed["n_parent_expected"].sum()


REVERSED = {
    "parents": {"group": "middle_r2", "alpha": 2.0e-3},
    "children": {"group": "early_r2", "alpha": 2.0e-3},
}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"features__circuits__parents__group": "gone"}, r"circuits\.parents\.group: no group on"),
        ({"features__circuits__children__alpha": 7.0}, r"circuits\.children\.alpha: no alpha"),
        (
            {f"features__circuits__{a}__group": b["group"] for a, b in REVERSED.items()},
            "not before",
        ),
        ({"features__ablated__targets": ["comma"]}, r"ablated\.targets: comma is not searched"),
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
    only = {f"features__{one}targets": ["suffix_ed"] for one in ("", "ablated__")}
    with pytest.raises(ParamsError, match="no token of this tokenizer is"):
        measure(project, "lacking", **only)
    assert not (project / "lacking").exists()


def test_letters_without_words_are_told(project: Path):
    with pytest.raises(SourceError, match="no two letters have enough words"):
        measure(project, "wordless", features__absorption__least_words=1000)
    assert not (project / "wordless").exists()


def test_units_are_named_for_cards_by_their_dictionary(project: Path, tables: dict[str, Table]):
    named(project, "features", tables["features"], ("sae", "sae_random_decoder"))
