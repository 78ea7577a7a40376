"""How good are these dictionaries? Ours against SAELens's own trainers, on the same activations.

Same training activations of one site, same number of tokens, same batch; measured on
documents that none of them saw. Of SAELens's dictionaries the sums by held-out document are kept as
the reference frontier, against which claims ask whether the dictionaries judged are fair ones.
"""

import json
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from safetensors.torch import save_file

from repro.contract.rows.fidelity import FidelityRow
from repro.contract.written import write_evidence
from repro.files import write_json, write_with
from repro.maker.activations.shards import batches, read_manifest, read_split
from repro.maker.activations.splits import SPLITS
from repro.maker.decompositions.fit import training_rows
from repro.maker.dictionaries.evaluate import Reconstruction, document_sums
from repro.maker.dictionaries.model import fit_transform_of, load_dictionary, save_dictionary
from repro.maker.dictionaries.moments import moments
from repro.maker.dictionaries.stack import centred_at, start
from repro.maker.dictionaries.stack import dictionaries as members_of
from repro.maker.dictionaries.train import train, transformed
from repro.maker.engine.executor import crew
from repro.maker.fidelity.frontier import NAME, identity
from repro.maker.params.executor import Executor
from repro.maker.params.model import Params
from repro.maker.scope import scope_of
from repro.proofs.bench.machine import THREADS
from repro.proofs.bench.peers import run as peers
from repro.proofs.bench.quality import at_equal_l0, measured, quality
from repro.proofs.bench.recipe import StackJob, recipe_from, shared_of

OURS: dict[str, list[float]] = {
    "sae": [1.0e-3, 1.8e-3, 3.0e-3, 5.0e-3, 8.0e-3],
    "sae_standard": [7.0e-4, 1.4e-3, 2.5e-3, 4.5e-3, 8.0e-3],
}
"""Penalties of our own stacks, for L0 from about 10 to 200."""
L0_GRID = (10.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 200.0)
SPEED_TOKENS, SPEED_ROUNDS = 51_200, 3
WIDTH = 2.0


class Made(NamedTuple):
    """A dictionary and what it was measured to be."""

    trainer: str
    alpha: float
    k: int
    seconds: float
    validation: Reconstruction
    heldout: Reconstruction

    def told(self) -> dict[str, Any]:
        """As figures of JSON."""
        fixed = {name: getattr(self, name) for name in ("trainer", "alpha", "k", "seconds")}
        on = {name: quality(getattr(self, name)) for name in ("validation", "heldout")}
        return {**fixed, **on}


def compare(
    params: Params, artifacts: Path, site: str, python: Path, scratch: Path, frontier: Path
) -> dict[str, Any]:
    """Train both, measure both; writes the reference frontier, returns figures for the report.

    Speed is a matter of the trainers and not of the site, so it is measured at the middle one.
    """
    store = artifacts / "activate" / site
    mean, mean_squared_norm = moments(store)
    transform = fit_transform_of(mean, mean_squared_norm, faithful=params.train.faithful)
    scratch.mkdir(parents=True, exist_ok=True)
    given = scratch / "activations.safetensors"
    x = peers.permuted(training_rows(store, transform))
    write_with(given, lambda part: save_file({"x": x}, part))
    jobs = [{**job, "d_sae": round(WIDTH * x.shape[1])} for job in (*peers.STANDARD, *peers.TOPK)]
    trained = peers.dictionaries(python, given, scratch, transform, jobs)
    splits = {name: read_split(store, name) for name in ("validation", "heldout")}
    theirs = [
        Made(
            f"saelens_{about['trainer']}",
            peers.alpha_of(about, x.shape[1]),
            about.get("k", 0),
            about["seconds"],
            *(measured(dictionary, centred, *splits[name]) for name in splits),
        )
        for about, dictionary, centred in trained
    ]
    ours = _ours(params, store, splits, scratch)
    _write_frontier(params, artifacts, site, frontier, theirs, trained[0][0]["versions"])
    told = [one.told() for one in (*theirs, *ours)]
    return {
        **identity(artifacts, site),
        "activations": len(x),
        "expansion_factor": WIDTH,
        "peer_settings": {"saelens_standard": peers.STANDARD[0], "saelens_topk": peers.TOPK[0]},
        "peer_versions": trained[0][0]["versions"],
        "dictionaries": told,
        "l0_grid": list(L0_GRID),
        "fvu_at_l0": {
            name: at_equal_l0([t["heldout"] for t in told if t["trainer"] == name], L0_GRID)
            for name in dict.fromkeys(t["trainer"] for t in told)
        },
        "speed": _speed(params, python, given, scratch, x) if site == "middle" else None,
    }


def _ours(params: Params, store: Path, splits: dict[str, Any], scratch: Path) -> list[Made]:
    """Our tied and our standard stack, a process each, on the recipe of `params.yaml`."""
    jobs = [
        StackJob(**shared_of(params, store), method=method, alphas=alphas)
        for method, alphas in OURS.items()
    ]
    how = Executor(kind="processes", workers=2, threads=1)
    made = []
    with crew(how, scratch / "ours") as workers:
        results = workers.map(stack_item, jobs, desc="our stacks")
    for job, folder in zip(jobs, results, strict=True):
        seconds = json.loads((folder / "result.json").read_text("utf8"))["seconds"]
        for index, alpha in enumerate(job.alphas):
            dictionary, centred, _ = load_dictionary(folder / f"a{index}.safetensors")
            parts = (measured(dictionary, centred, *splits[name]) for name in splits)
            made.append(Made(job.method, alpha, 0, seconds / len(job.alphas), *parts))
    return made


def stack_item(job: StackJob, folder: Path) -> None:
    """Work: one stack of ours in one pass over the training activations, as the stage does it."""
    store = job.store
    manifest = read_manifest(store)
    transform = fit_transform_of(*moments(store), faithful=job.faithful)
    recipe = recipe_from(job, manifest.dimension, manifest.rows("train") // job.batch)
    stack = start(recipe, manifest.dimension)
    source = batches(store, batch=job.batch, seed=0, mixing_shards=job.mixing_shards)
    began = time.perf_counter()
    for _ in train(stack, transformed(source, transform), recipe, log_every=recipe.n_steps):
        pass
    seconds = time.perf_counter() - began
    both = zip(members_of(stack, recipe), centred_at(stack, transform), strict=True)
    for index, (dictionary, centred) in enumerate(both):
        save_dictionary(folder / f"a{index}.safetensors", dictionary, centred, {})
    write_json(folder / "result.json", {"seconds": seconds})


def _write_frontier(
    params: Params,
    artifacts: Path,
    site: str,
    folder: Path,
    made: list[Made],
    versions: dict[str, str],
) -> None:
    """The reference trainers' sums by held-out document, as rows of the fidelity table."""
    rows = [
        FidelityRow(
            site=site,
            method=one.trainer,
            alpha=one.alpha,
            k=one.k,
            expansion_factor=WIDTH,
            seed=0,
            **row,
        )
        for one in made
        for row in document_sums(one.heldout)
    ]
    inputs = (artifacts / name for name in ("fetch", "tokenize", "activate"))
    manifest = read_manifest(artifacts / "activate" / site)
    own = {
        "sites": {site: manifest.place},
        "tokens": {split: manifest.rows(split) for split in SPLITS},
    }
    write_evidence(
        folder,
        NAME,
        rows,
        counts={"dictionaries_trained": len(made)},
        scope=scope_of(params, params.train, *inputs).model_copy(update=own),
        provenance={**identity(artifacts, site), "peer_versions": versions},
    )


def _speed(
    params: Params, python: Path, given: Path, scratch: Path, x: torch.Tensor
) -> dict[str, Any]:
    """Tokens x autoencoders a second, in turn within one run: theirs one by one, ours stacked."""
    found: dict[str, list[float]] = {}
    for number in range(SPEED_ROUNDS):
        for job in (peers.STANDARD[2], peers.TOPK[2]):
            short = {
                **job,
                "d_sae": round(WIDTH * x.shape[1]),
                "tokens": SPEED_TOKENS,
                "threads": THREADS,
                "seed": number,
            }
            about = peers.run(python, given, scratch, short, again=True)
            name = f"saelens_{job['trainer']}"
            found.setdefault(name, []).append(about["tokens"] / about["seconds"])
        for method in OURS:
            found.setdefault(method, []).append(_our_speed(params, method, x[:SPEED_TOKENS]))
    return {
        "tokens": SPEED_TOKENS,
        "threads": THREADS,
        "tokens_times_autoencoders_per_s": {name: median(values) for name, values in found.items()},
        "ours_over_saelens_standard": median(
            a / b for a, b in zip(found["sae"], found["saelens_standard"], strict=True)
        ),
    }


def _our_speed(params: Params, method: str, x: torch.Tensor) -> float:
    torch.set_num_threads(THREADS)
    job = StackJob(**shared_of(params), method=method, alphas=OURS[method])
    recipe = recipe_from(job, x.shape[1], len(x) // job.batch)
    stack = start(recipe, x.shape[1])
    parts = map(partial(torch.Tensor.to, dtype=torch.float32), x.split(job.batch))
    began = time.perf_counter()
    for _ in train(stack, parts, recipe, log_every=recipe.n_steps):
        pass
    return recipe.n_steps * job.batch * len(recipe.alphas) / (time.perf_counter() - began)
