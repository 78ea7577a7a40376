"""What went wrong unseen elsewhere: each test here fails on one such fault planted in our code."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from repro.errors import TrainingError
from repro.files import sha256_of
from repro.maker.activations.shards import batches, read_manifest
from repro.maker.decompositions.asked import Asked, SiteFiles
from repro.maker.dictionaries.checkpoint import save_checkpoint
from repro.maker.dictionaries.metrics import matched_cosines
from repro.maker.dictionaries.model import fit_transform_of, save_dictionary, tied
from repro.maker.dictionaries.moments import load_transform, moments
from repro.maker.dictionaries.recipe import Recipe
from repro.maker.dictionaries.stack import start
from repro.maker.dictionaries.train import train, transformed
from repro.maker.fidelity.measure import MeasureJob, measure_item
from repro.maker.planted import draw, planted
from repro.maker.stages.train import _fit_job, _job, fit_site, recipe_of, train_item
from tests.maker.dictionaries.arrays import normal
from tests.tiny_project import params_of, write_params, write_stores

RECIPE = Recipe(
    name="test", method="sae", d_sae=16, alphas=(0.0, 0.01), seed=3, n_steps=40, lr=1e-2,
    betas=(0.9, 0.999), eps=1e-8, warmup=0.0, decay=0.0, penalty_warmup=0.0, clip=0.0,
    matmul=torch.float32, device=torch.device("cpu"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Params and stores of activations, ready to train on."""
    write_params(tmp_path)
    write_stores(tmp_path, params_of(tmp_path))
    return tmp_path


def test_batches_are_centred_and_scaled_just_once():
    x = 7 * normal(0, 4000, 8, dtype=torch.float32) + 3
    transform = fit_transform_of(x.mean(0), float(x.square().sum(1).mean()), faithful=False)
    z = torch.cat(list(transformed(iter(x.split(100)), transform)))
    assert_close(z.mean(0), torch.zeros(8), atol=1e-4, rtol=0)
    assert float(z.square().sum(1).mean()) == pytest.approx(8)
    assert_close(transform.inverse(z), x, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("matmul", [torch.float32, torch.bfloat16])
def test_steps_far_below_the_grain_of_bfloat16_still_move_every_weight(matmul: torch.dtype):
    """Adam's first step is lr, whatever the gradient; weights in bfloat16 would stay put."""
    lr = 1e-7
    recipe = dataclasses.replace(RECIPE, lr=lr, matmul=matmul)
    stack = start(recipe, 8)
    first = stack.W_enc.clone()
    for _ in train(stack, iter([normal(1, 64, 8, dtype=torch.float32)] * 20), recipe):
        pass
    moved = (stack.W_enc - first).abs()
    assert float((moved > lr).float().mean()) > 0.95
    assert float((stack.b_enc.abs() > lr).float().mean()) > 0.95


def test_a_log_of_the_loss_never_holds_what_is_no_number():
    stack, x = start(RECIPE, 8), normal(1, 64, 8, dtype=torch.float32)
    x[5, 3] = float("nan")
    with pytest.raises(TrainingError, match="not finite at step 1 of 40"):
        list(train(stack, iter([x]), RECIPE, log_every=1))


def test_training_from_a_checkpoint_in_the_folder_ends_with_the_same_bytes(project: Path):
    params = params_of(project)
    store = project / "plant" / "planted_knee"
    (project / "fit").mkdir()
    fit_site(_fit_job(store, params.train), project / "fit")
    job = _job("knee", params.train.groups["knee"], 1, store, project / "fit", params.train)
    whole, resumed = project / "whole", project / "resumed"
    whole.mkdir()
    resumed.mkdir()
    train_item(job, whole)

    transform = load_transform(project / "fit" / "transform.safetensors")
    recipe = recipe_of(job)
    source = batches(store, batch=job.batch, seed=1, mixing_shards=job.mixing_shards)
    stack = start(recipe, job.d_in)
    for done, _ in train(stack, transformed(source, transform), recipe):
        if done == 23:
            save_checkpoint(resumed / "checkpoint.safetensors", stack, done, [])
            break
    train_item(job, resumed)
    for name in ("a0.safetensors", "a1.safetensors"):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes()
    steps = [r["step"] for r in json.loads((resumed / "log.json").read_text())["records"]]
    assert steps == [step for step in (50, 64) if step > 23]


def measured(project: Path, method: str, **changes) -> dict:
    """What `measure_item` says of a random tied dictionary on planted activations."""
    store, file = project / "plant" / "planted_knee", project / "a.safetensors"
    mean, squared_norm = moments(store)
    one = tied(normal(3, 16, 8, dtype=torch.float32), torch.full((16,), -0.5))
    transform = fit_transform_of(mean, squared_norm, faithful=False)
    save_dictionary(file, one, transform, {})
    of = SiteFiles(
        site="planted_knee", store=store, manifest=sha256_of(store / "manifest.json"), d_in=8,
        transform=file, transform_sha256="", components={}, components_sha256={},
    )  # fmt: skip
    asked = Asked(
        of=of,
        method=method,
        alpha=0.0,
        k=0,
        expansion_factor=2.0,
        seed=0,
        file=file,
        sha256=sha256_of(file),
    )
    told: dict[str, Any] = {
        "group": "", "alive_firings": 2, "dense_share": 0.9, "frequent_share": 0.01,
        "effective_share": 0.1, "duplicate_cosine": 0.9, "counts_units": True,
        "refit_tokens": 100, "null_seed": 7, "threads": 1,
    }  # fmt: skip
    folder = project / method
    folder.mkdir()
    measure_item(MeasureJob(asked=asked, **{**told, **changes}), folder)
    return json.loads((folder / "result.json").read_text())


def test_dead_units_stay_in_the_denominator(project: Path):
    whole, half = (measured(project, method)["units"] for method in ("sae", "sae_frozen_dead"))
    assert whole["n_features"] == half["n_features"] == 16
    assert (half["n_silent"], half["n_alive"]) == (8, 8)
    assert half["n_pairs"] == 8 * 7 // 2
    assert half["n_tokens"] == read_manifest(project / "plant" / "planted_knee").rows("heldout")


def test_a_dictionary_is_measured_on_the_heldout_tokens_alone(project: Path):
    rows = measured(project, "sae")["fidelity"]
    manifest = read_manifest(project / "plant" / "planted_knee")
    assert sum(row["n_tokens"] for row in rows) == manifest.rows("heldout")
    assert sum(row["n_tokens"] for row in rows) != manifest.rows("train")
    assert [row["document"] for row in rows] == list(range(8))


def test_the_refit_reads_the_error_that_the_codes_leave(project: Path):
    found = measured(project, "sae", refit_tokens=10**6)
    for plain, again in zip(found["fidelity"], found["refit"], strict=True):
        assert (plain["document"], plain["n_tokens"]) == (again["document"], again["n_tokens"])
        assert again["squared_error_before"] == pytest.approx(plain["squared_error"], rel=1e-5)
        assert again["squared_error_after"] <= again["squared_error_before"]


@pytest.mark.parametrize("site", ["planted_width", "planted_knee"])
def test_planted_activations_have_the_planted_number_of_active_features(site):
    source = planted(site, dimension=32, active=4, seed=1)
    codes = torch.linalg.solve(source.features.T, draw(source, 4000).T).T
    active = (codes.abs() > 0.25).sum(1).float()
    assert float(active.mean()) == pytest.approx(4, abs=0.2)
    assert (float(active.std()) == 0) == (site == "planted_knee")
    strengths = codes[codes.abs() > 0.25]
    assert (float(strengths.min()), float(strengths.max())) == pytest.approx((0.5, 1.5), abs=0.02)


def test_copies_on_either_side_find_one_partner_in_all():
    copies, rows = torch.eye(3)[[0, 0, 0]], torch.eye(3)
    for a, b in ((copies, rows), (rows, copies)):
        assert sorted(matched_cosines(a, b).tolist()) == [0.0, 0.0, 1.0]
