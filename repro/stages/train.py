"""train: the whole grid of dictionaries, one pass over the activations for each group and seed."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from repro.device import resolve_device, resolve_dtype
from repro.errors import ArtifactError
from repro.executor import Item, map_items
from repro.files import sha256_of, write_json
from repro.params import Adam, Group, Params
from repro.sae.model import Transform, fit_transform_of, save_dictionary
from repro.sae.moments import load_transform, moments, save_transform
from repro.sae.train import (
    Recipe,
    Record,
    Timer,
    dictionaries,
    load_checkpoint,
    save_checkpoint,
    start,
    train,
    transformed,
)
from repro.scratch import put_in_place, scratch_folder
from repro.shards import batches, read_manifest
from repro.stages.edge import stage


def run(params: Params, activations: Path, planted: Path, out: Path) -> None:
    """Train every group and seed of `params.train.groups` and write one file a dictionary."""
    stores = {site: _store(site, activations, planted) for site in _sites(params)}
    how = params.train.executor
    with scratch_folder(out, "items") as scratch:
        fits = [_transform_item(stores[site], params) for site in stores]
        found = map_items(fit_site, fits, how, scratch, desc="centring and scaling")
        transforms = dict(zip(stores, found, strict=True))
        items = [
            _item(name, group, seed, stores[group.site], transforms[group.site], params)
            for name, group in params.train.groups.items()
            for seed in group.seeds
        ]
        results = map_items(train_item, items, how, scratch, desc="training")
        made = scratch / "out"
        shutil.rmtree(made, ignore_errors=True)
        members = []
        for item, result in zip(items, results, strict=True):
            target = made / item["group"] / f"seed{item['seed']}"
            shutil.copytree(result, target, copy_function=os.link)
            members += _members(item, target, made)
        write_json(made / "manifest.json", {"dictionaries": members})
        put_in_place(made, out)


def fit_site(item: Item, folder: Path) -> None:
    """Work: the transform of one site, from one pass over its training shards."""
    mean, mean_squared_norm = moments(Path(item["store"]))
    transform = fit_transform_of(mean, mean_squared_norm, faithful=item["faithful"])
    save_transform(folder / "transform.safetensors", transform)


def train_item(item: Item, folder: Path) -> None:
    """Work: one group with one seed; goes on from the checkpoint in `folder` if there is one."""
    transform = load_transform(Path(item["transform"]) / "transform.safetensors")
    recipe = _recipe(item)
    stack, step, records = start(recipe, item["d_in"]), 0, []
    checkpoint = folder / "checkpoint.safetensors"
    if checkpoint.exists():
        stack, step, records = load_checkpoint(checkpoint, recipe)
    source = batches(
        Path(item["store"]),
        batch=item["batch"],
        seed=item["seed"],
        mixing_shards=item["mixing_shards"],
        skip=step,
    )
    due = Timer(item["checkpoint_s"])
    for done, record in train(stack, transformed(source, transform), recipe, first_step=step):
        records += [record] if record else []
        if due.is_due():
            save_checkpoint(checkpoint, stack, done, records)
    _save(folder, stack, recipe, transform, item, records)
    checkpoint.unlink(missing_ok=True)


def _save(
    folder: Path, stack: Any, recipe: Recipe, transform: Transform, item: Item, log: list[Record]
) -> None:
    about = {key: item[key] for key in ("group", "site", "method", "width", "seed")}
    for index, dictionary in enumerate(dictionaries(stack, recipe)):
        described = {**about, "alpha": recipe.alphas[index], "n_steps": recipe.n_steps}
        save_dictionary(folder / f"a{index}.safetensors", dictionary, transform, described)
    write_json(folder / "log.json", {**about, "records": [record._asdict() for record in log]})


def _sites(params: Params) -> list[str]:
    return sorted({group.site for group in params.train.groups.values()})


def _store(site: str, activations: Path, planted: Path) -> Path:
    return (planted if site.startswith("planted_") else activations) / site


def _transform_item(store: Path, params: Params) -> dict[str, Any]:
    manifest = sha256_of(store / "manifest.json") if (store / "manifest.json").exists() else ""
    return {"store": str(store), "manifest": manifest, "faithful": params.train.faithful}


def _item(
    name: str, group: Group, seed: int, store: Path, transform: Path, params: Params
) -> dict[str, Any]:
    """Everything that decides the bytes of one group with one seed."""
    manifest = read_manifest(store)
    settings = params.train
    n_steps = manifest.rows("train") // settings.batch
    if n_steps == 0:
        raise ArtifactError(
            f"site {group.site} has {manifest.rows('train')} training activations",
            expected=f"at least one batch of {settings.batch}",
            mend="raise tokenize.train_tokens or lower train.batch in params.yaml",
        )
    device = resolve_device(settings.device)
    return {
        **_transform_item(store, params),
        "transform": str(transform),
        "group": name,
        **group.model_dump(include={"site", "method", "width", "alphas"}),
        "seed": seed,
        "d_in": manifest.dimension,
        "d_sae": round(group.width * manifest.dimension),
        "n_steps": n_steps,
        "batch": settings.batch,
        "mixing_shards": settings.mixing_shards,
        "optimiser": _optimiser(settings.optimiser, group.site),
        "reduction": settings.reduction,
        "tied": settings.tied,
        "schedule": settings.schedule.model_dump(),
        "matmul": str(resolve_dtype(settings.precision, device)).removeprefix("torch."),
        "device": str(device),
        "threads": settings.executor.threads,
        "checkpoint_s": settings.checkpoint_s,
    }


def _optimiser(adam: Adam, site: str) -> dict[str, Any]:
    return adam.model_dump(exclude={"lr_at"}) | {"lr": adam.lr_at.get(site, adam.lr)}


def _recipe(item: Item) -> Recipe:
    adam, schedule = item["optimiser"], item["schedule"]
    return Recipe(
        name=f"{item['group']} ({item['method']}, site {item['site']}, width {item['width']:g}, "
        f"seed {item['seed']})",
        method=item["method"],
        d_sae=item["d_sae"],
        alphas=tuple(item["alphas"]),
        seed=item["seed"],
        n_steps=item["n_steps"],
        lr=adam["lr"],
        betas=(adam["beta1"], adam["beta2"]),
        eps=adam["eps"],
        warmup=schedule["warmup"],
        decay=schedule["decay"],
        matmul=getattr(torch, item["matmul"]),
        device=torch.device(item["device"]),
        tied=item["tied"],
        reduction=item["reduction"],
        step_counter=adam["step_counter"],
    )


def _members(item: Item, folder: Path, out: Path) -> list[dict[str, Any]]:
    return [
        {
            **{key: item[key] for key in ("group", "site", "method", "width", "seed")},
            "alpha": alpha,
            "file": str((folder / f"a{index}.safetensors").relative_to(out)),
            "sha256": sha256_of(folder / f"a{index}.safetensors"),
        }
        for index, alpha in enumerate(item["alphas"])
    ]


def read_members(trained: Path) -> list[dict[str, Any]]:
    """The dictionaries that a training run left, as its manifest lists them.

    Raises:
        ArtifactError: the manifest is missing or malformed.
    """
    path = trained / "manifest.json"
    try:
        return json.loads(path.read_text(encoding="utf8"))["dictionaries"]
    except (FileNotFoundError, ValueError, KeyError):
        raise ArtifactError(
            f"{path} is missing or malformed",
            expected="the manifest of a trained grid",
            mend="dvc repro train",
        ) from None


main = stage(run)

if __name__ == "__main__":
    main()
