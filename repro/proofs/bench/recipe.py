"""The search for the training recipe: what was tried, and what came out on validation documents.

Chosen by the variance left unexplained at equal sparsity on documents that neither train nor judge;
no verdict is read. Two rounds: changes from a base, one or several at a time, on a third of the
laptop's activations, beside the authors' way and the recipe of earlier runs; then the better ones
of the paper's autoencoder that cost no more time than the base, on all of them. `params.yaml` has
the best of the second round.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from repro.files import sha256_of, write_json
from repro.maker.activations.shards import read_manifest, read_split
from repro.maker.decompositions.fit import training_rows
from repro.maker.dictionaries.architectures.architecture import Stack
from repro.maker.dictionaries.architectures.sae_standard import ENCODER_START
from repro.maker.dictionaries.model import Transform, fit_transform_of, unit_rows
from repro.maker.dictionaries.moments import moments
from repro.maker.dictionaries.recipe import Recipe
from repro.maker.dictionaries.stack import centred_at, dictionaries, start
from repro.maker.dictionaries.train import train
from repro.maker.engine.device import resolve_dtype
from repro.maker.engine.executor import crew
from repro.maker.engine.job import Job
from repro.maker.engine.kept import kept
from repro.maker.params.executor import Executor
from repro.maker.params.model import Params
from repro.proofs.bench.quality import at_equal_l0, measured, quality

TOKENS = 400_000
"""Training activations of a trial of the first round: a third of the laptop's, so that many fit
into minutes."""
L0_GRID = (16.0, 24.0, 32.0, 48.0, 64.0)
"""Active units a token at which recipes are compared."""
WIDTH = 2.0
KEPT = [16, 32, 64]
ARMS: dict[str, dict[str, Any]] = {
    "sae": {"method": "sae", "alphas": [1.8e-3, 3.0e-3, 5.0e-3, 8.0e-3]},
    "sae_own_encoder": {"method": "sae", "tied": False, "alphas": [1.8e-3, 3.0e-3, 5.0e-3, 8.0e-3]},
    "sae_standard": {"method": "sae_standard", "alphas": [1.0e-3, 1.8e-3, 3.0e-3, 5.0e-3]},
    "sae_random_decoder": {
        "method": "sae_random_decoder", "alphas": [1.0e-3, 2.2e-3, 4.0e-3, 8.0e-3],
    },
    "sae_random_topk": {
        "method": "sae_random_decoder", "alphas": [0.0, 0.0, 0.0], "ks": KEPT,
    },
}  # fmt: skip
"""The autoencoders for which a recipe is sought, each at settings that span the grid of L0."""
BASE = {
    "lr": 5.0e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1.0e-8, "clip": 1.0,
    "warmup": 0.05, "decay": 0.2, "penalty_warmup": 0.8,
    "batch": 256, "epochs": 1, "start_scale": 1.0,
}  # fmt: skip
EARLIER = {"lr": 5.0e-3, "warmup": 0.05, "decay": 0.3, "penalty_warmup": 0.0, "clip": 0.0}
AUTHORS = {"lr": 1.0e-3, "warmup": 0.0, "decay": 0.0, "penalty_warmup": 0.0, "clip": 0.0}
TRIALS: list[tuple[str, str, dict[str, Any]]] = [
    ("sae", "base of the search", {}),
    ("sae", "the authors' way", {**AUTHORS, "batch": 1024}),
    ("sae", "earlier runs", EARLIER),
    ("sae", "earlier runs, penalty rising over half", {**EARLIER, "penalty_warmup": 0.5}),
    ("sae", "earlier runs, gradient clipping", {**EARLIER, "clip": 1.0}),
    ("sae", "no gradient clipping", {"clip": 0.0}),
    ("sae", "penalty full from the first step", {"penalty_warmup": 0.0}),
    ("sae", "penalty rising over 0.15", {"penalty_warmup": 0.15}),
    ("sae", "penalty rising over 0.3", {"penalty_warmup": 0.3}),
    ("sae", "penalty rising over half", {"penalty_warmup": 0.5}),
    ("sae", "penalty rising to the end", {"penalty_warmup": 1.0}),
    ("sae", "step size 2.5e-3", {"lr": 2.5e-3}),
    ("sae", "step size 1e-2", {"lr": 1.0e-2}),
    ("sae", "step size 2e-2", {"lr": 2.0e-2}),
    ("sae", "step falling over half", {"decay": 0.5}),
    ("sae", "second moment over 100 steps", {"beta2": 0.99}),
    ("sae", "no first moment", {"beta1": 0.0}),
    ("sae", "batch 128", {"batch": 128}),
    ("sae", "batch 512", {"batch": 512}),
    ("sae", "two epochs", {"epochs": 2}),
    ("sae", "initial rows a tenth as long", {"start_scale": 0.1}),
    ("sae", "penalty rising over half, initial rows a tenth as long", {
        "penalty_warmup": 0.5, "start_scale": 0.1,
    }),
    ("sae", "penalty rising over half, step size 1e-2", {"penalty_warmup": 0.5, "lr": 1.0e-2}),
    ("sae", "penalty rising over 0.3, step size 1e-2, initial rows a tenth as long", {
        "penalty_warmup": 0.3, "lr": 1.0e-2, "start_scale": 0.1,
    }),
    ("sae", "penalty rising over half, four epochs", {"penalty_warmup": 0.5, "epochs": 4}),
    ("sae_own_encoder", "penalty rising over half", {"penalty_warmup": 0.5}),
    ("sae_own_encoder", "penalty rising over 0.3, step size 1e-2, initial rows a tenth as long", {
        "penalty_warmup": 0.3, "lr": 1.0e-2, "start_scale": 0.1,
    }),
    ("sae_own_encoder", "step size 3e-3, penalty rising over a twentieth", {
        "lr": 3.0e-3, "penalty_warmup": 0.05,
    }),
    ("sae_standard", "base of the search", {}),
    ("sae_standard", "step size 3e-3", {"lr": 3.0e-3}),
    ("sae_standard", "step size 3e-3, penalty rising over a twentieth", {
        "lr": 3.0e-3, "penalty_warmup": 0.05,
    }),
    ("sae_standard", "step size 1e-3", {"lr": 1.0e-3}),
    ("sae_random_decoder", "base of the search", {}),
    ("sae_random_decoder", "earlier runs", EARLIER),
    ("sae_random_decoder", "step size 1e-3", {"lr": 1.0e-3}),
    ("sae_random_decoder", "step size 2e-3, penalty full from the first step", {
        "lr": 2.0e-3, "penalty_warmup": 0.0,
    }),
    ("sae_random_topk", "base of the search", {}),
    ("sae_random_topk", "step size 1e-3", {"lr": 1.0e-3}),
    ("sae_random_topk", "step size 3e-4", {"lr": 3.0e-4}),
    ("sae_random_topk", "step size 1e-4", {"lr": 1.0e-4}),
]  # fmt: skip
"""Arm, what it is called, and what differs from the base."""
FINALS: list[tuple[str, str, dict[str, Any]]] = [
    ("sae", "penalty rising over half", {"penalty_warmup": 0.5}),
    ("sae", "penalty rising over 0.3", {"penalty_warmup": 0.3}),
    ("sae", "penalty rising over 0.2", {"penalty_warmup": 0.2}),
    ("sae", "penalty rising over 0.15", {"penalty_warmup": 0.15}),
    ("sae", "penalty rising over 0.1", {"penalty_warmup": 0.1}),
    ("sae", "penalty rising over half, initial rows a tenth as long", {
        "penalty_warmup": 0.5, "start_scale": 0.1,
    }),
    ("sae", "penalty rising over half, step size 1e-2", {"penalty_warmup": 0.5, "lr": 1.0e-2}),
    ("sae", "penalty rising over 0.3, step size 1e-2", {"penalty_warmup": 0.3, "lr": 1.0e-2}),
    ("sae", "penalty rising over 0.3, initial rows a tenth as long", {
        "penalty_warmup": 0.3, "start_scale": 0.1,
    }),
    ("sae", "penalty rising over 0.3, step size 1e-2, initial rows a tenth as long", {
        "penalty_warmup": 0.3, "lr": 1.0e-2, "start_scale": 0.1,
    }),
    ("sae", "penalty rising over 0.2, initial rows a tenth as long", {
        "penalty_warmup": 0.2, "start_scale": 0.1,
    }),
]  # fmt: skip
"""The second round: the best of the first that cost no more time, and their neighbours."""


class StackJob(Job):
    """One stack of autoencoders and how it is trained; `BASE` names what a trial changes."""

    method: str
    """The autoencoder."""
    alphas: list[float]
    """L1 coefficient of each member."""
    ks: list[int]
    """Codes that each member keeps; empty: all."""
    tied: bool
    """Whether the paper's autoencoder reads with its decoder's rows."""
    lr: float
    """Step size."""
    beta1: float
    """Decay of the first moment."""
    beta2: float
    """Decay of the second moment."""
    eps: float
    """Added to the root of the second moment."""
    clip: float
    """Longest gradient; 0 does not shorten."""
    warmup: float
    """Share of the steps over which the step size rises."""
    decay: float
    """Share over which it falls."""
    penalty_warmup: float
    """Share over which the penalty rises."""
    batch: int
    """Activations a step."""
    epochs: int
    """Passes over the activations."""
    start_scale: float
    """Length of the initial rows over Xavier's."""
    matmul: str
    """Number format of the matrix products."""
    store: Path = Path()
    """Folder of the activations."""
    manifest: str = ""
    """SHA-256 of their manifest."""
    tokens: int = 0
    """Activations of a trial."""
    mixing_shards: int = 1
    """Shards shuffled together."""
    faithful: bool = False
    """Neither centre nor scale."""


def search(params: Params, activations: Path, scratch: Path) -> dict[str, Any]:
    """Train every trial on the same activations of the middle site, judge it by validation."""
    store = activations / "middle"
    manifest = read_manifest(store)
    shared = {**shared_of(params, store), **BASE}
    return {
        "hook": manifest.hook,
        "model": manifest.provenance["model"]["name"],
        "tokens": TOKENS,
        "final_tokens": manifest.rows("train"),
        "validation_tokens": manifest.rows("validation"),
        "expansion_factor": WIDTH,
        "seed": 0,
        "base": BASE,
        "taken": {name: value for name, value in _recipe_of(params).items() if value != BASE[name]},
        "l0_grid": list(L0_GRID),
        "trials": tried(TRIALS, {**shared, "tokens": TOKENS}, scratch),
        "finals": tried(FINALS, {**shared, "tokens": manifest.rows("train")}, scratch),
    }


def tried(
    trials: list[tuple[str, str, dict[str, Any]]], shared: dict[str, Any], scratch: Path
) -> list[dict[str, Any]]:
    """What came out of the trials of one round."""
    jobs = [StackJob(**{**shared, **changes, **ARMS[arm]}) for arm, _, changes in trials]
    how = Executor(kind="processes", workers=2, threads=1)
    with crew(how, scratch) as workers:
        results = workers.map(trial_item, jobs, desc="trials of the recipe")
    found = [json.loads((path / "result.json").read_text("utf8")) for path in results]
    return [
        {"arm": arm, "name": name, "changes": changes, **result}
        for (arm, name, changes), result in zip(trials, found, strict=True)
    ]


def _recipe_of(params: Params) -> dict[str, Any]:
    train, adam = params.train, params.train.optimiser
    return {
        **adam.model_dump(include={"lr", "beta1", "beta2", "eps", "clip"}),
        **train.schedule.model_dump(),
        "batch": train.batch,
        "epochs": 1,
        "start_scale": train.start_scale,
    }


def shared_of(params: Params, store: Path | None = None) -> dict[str, Any]:
    """What all items of this package share: the recipe of `params`, and the activations."""
    arithmetic = str(resolve_dtype(params.train.precision, torch.device("cpu")))
    shared = {
        **_recipe_of(params),
        "tied": params.train.tied,
        "ks": [],
        "matmul": arithmetic.removeprefix("torch."),
    }
    if store is None:
        return shared
    return {
        **shared,
        "store": store,
        "manifest": sha256_of(store / "manifest.json"),
        "mixing_shards": params.train.mixing_shards,
        "faithful": params.train.faithful,
    }


def trial_item(job: StackJob, folder: Path) -> None:
    """Work: one recipe on `tokens` activations, all its penalties in one stack."""
    x, validation, document, transform = _data(job.store, job.manifest, job.tokens)
    per_epoch = len(x) // job.batch
    recipe = recipe_from(job, x.shape[1], per_epoch * job.epochs)
    stack = started(recipe, x.shape[1])
    batches = (
        x[order[i * job.batch :][: job.batch]].float()
        for epoch in range(job.epochs)
        for order in [torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))]
        for i in range(per_epoch)
    )
    for _ in train(stack, batches, recipe, log_every=recipe.n_steps):
        pass
    points = [
        {
            "alpha": alpha,
            "k": dictionary.k,
            **quality(measured(dictionary, centred, validation, document)),
        }
        for alpha, dictionary, centred in zip(
            recipe.alphas, dictionaries(stack, recipe), centred_at(stack, transform), strict=True
        )
    ]
    write_json(
        folder / "result.json", {"points": points, "fvu_at_l0": at_equal_l0(points, L0_GRID)}
    )


def started(recipe: Recipe, d_in: int) -> Stack:
    """Initial stack, of which the untied encoder starts along its decoder as the standard one's.

    So of those two only the decoder bias differs.
    """
    stack = start(recipe, d_in)
    if not recipe.tied:
        stack.W_enc.copy_(unit_rows(stack.W_dec) * ENCODER_START)
    return stack


def recipe_from(job: StackJob, d_in: int, n_steps: int) -> Recipe:
    """The recipe that an item of this package spells out."""
    return Recipe(
        name=f"{job.method}, {job.alphas}",
        method=job.method,
        d_sae=round(WIDTH * d_in),
        alphas=tuple(job.alphas),
        seed=0,
        n_steps=n_steps,
        lr=job.lr,
        betas=(job.beta1, job.beta2),
        eps=job.eps,
        warmup=job.warmup,
        decay=job.decay,
        penalty_warmup=job.penalty_warmup,
        clip=job.clip,
        matmul=getattr(torch, job.matmul),
        device=torch.device("cpu"),
        tied=job.tied,
        start_scale=job.start_scale,
        ks=tuple(job.ks),
    )


@kept(1)
def _data(store: Path, _manifest: str, tokens: int) -> tuple[Tensor, Tensor, Tensor, Transform]:
    """Training rows (transformed), validation rows (as they are), their documents, transform."""
    mean, mean_squared_norm = moments(store)
    transform = fit_transform_of(mean, mean_squared_norm, faithful=False)
    validation, document = read_split(store, "validation")
    x = training_rows(store, transform, tokens).bfloat16()
    return x, validation, document, transform
