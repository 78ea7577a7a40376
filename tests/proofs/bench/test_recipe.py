"""The search for the recipe looks at validation documents alone, and tries what it says."""

import json
from pathlib import Path

import pytest
import torch

from repro.maker.activations.shards import read_manifest, write_manifest, write_shard
from repro.maker.dictionaries.architectures.sae_standard import ENCODER_START
from repro.proofs.bench.recipe import (
    ARMS,
    BASE,
    FINALS,
    TRIALS,
    StackJob,
    recipe_from,
    started,
    trial_item,
)
from repro.proofs.bench.recipe import _data as data
from tests.tiny_store import write_store

D_IN, ROWS = 6, 512
ITEM = {**BASE, "batch": 32, "tokens": ROWS, "matmul": "float32", "tied": True, "ks": []}


def normal(seed: int, n: int) -> torch.Tensor:
    return torch.randn(n, D_IN, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three splits of which validation alone has the mean 5."""
    write_store(tmp_path, normal(0, ROWS), normal(1, 64), rows_per_shard=128)
    x, document = normal(2, 48) + 5, torch.arange(48) // 8
    shard = write_shard(tmp_path, "validation", 0, x, document)
    write_manifest(tmp_path, read_manifest(tmp_path).model_copy(update={"validation": [shard]}))
    return tmp_path


def test_recipes_are_judged_on_the_validation_documents(store: Path) -> None:
    x, validation, document, transform = data(store, "", ROWS)
    assert torch.equal(validation, normal(2, 48) + 5)
    assert document.tolist() == (torch.arange(48) // 8).tolist()
    assert len(x) == ROWS
    assert transform.mean.abs().max() < 0.3, "training activations alone are centred"


def test_a_trial_is_one_recipe_at_all_penalties(store: Path, tmp_path: Path) -> None:
    item = {
        **ITEM,
        "method": "sae",
        "store": store,
        "manifest": "",
        "alphas": [0.0, 10.0],
        "epochs": 4,
    }
    out = tmp_path / "out"
    out.mkdir()
    trial_item(StackJob(**item), out)
    points = json.loads((out / "result.json").read_text("utf8"))["points"]
    assert [point["alpha"] for point in points] == [0.0, 10.0]
    assert points[0]["fvu"] < points[1]["fvu"]
    assert all(0 <= point["frac_effective"] <= 1 for point in points)


@pytest.mark.parametrize("trials", [TRIALS, FINALS])
def test_every_trial_differs_from_the_base_by_known_keys_and_has_a_name_of_its_own(
    trials: list[tuple[str, str, dict[str, float]]],
) -> None:
    names = [(arm, name) for arm, name, _ in trials]
    assert len(set(names)) == len(names)
    for arm, _, changes in trials:
        assert arm in ARMS
        assert set(changes) <= set(BASE)


def test_what_a_trial_says_is_what_is_trained() -> None:
    changes = {"lr": 0.5, "clip": 0.25, "penalty_warmup": 0.75, "warmup": 0.125, "decay": 0.0625}
    found = recipe_from(
        StackJob(**{**ITEM, **changes, "method": "sae", "alphas": [1e-3]}), D_IN, 10
    )
    assert {key: getattr(found, key) for key in changes} == changes
    assert (found.d_sae, found.n_steps, found.alphas) == (2 * D_IN, 10, (1e-3,))


def test_an_arm_with_k_codes_kept_is_measured_at_that_l0(store: Path, tmp_path: Path) -> None:
    arm = {"method": "sae_random_decoder", "alphas": [0.0, 0.0], "ks": [2, 4]}
    trial_item(StackJob(**{**ITEM, **arm, "store": store}), tmp_path)
    points = json.loads((tmp_path / "result.json").read_text("utf8"))["points"]
    assert [point["k"] for point in points] == [2, 4]
    assert [point["l0"] for point in points] == pytest.approx([2, 4], abs=0.5)


def test_the_untied_arm_starts_as_the_standard_one_and_only_its_bias_is_missing() -> None:
    arm = {**ITEM, **ARMS["sae_own_encoder"], "alphas": [1e-3]}
    found, standard = (
        recipe_from(StackJob(**one), D_IN, 10) for one in (arm, {**arm, "method": "sae_standard"})
    )
    one, other = started(found, D_IN), started(standard, D_IN)
    rows = torch.nn.functional.normalize(one.W_dec, dim=-1)
    torch.testing.assert_close(one.W_enc, ENCODER_START * rows)
    torch.testing.assert_close(one.W_enc, other.W_enc)
    assert "W_dec" in one.trained()
    assert "b_dec" not in one.trained()
