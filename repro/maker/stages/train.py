"""train: the whole grid of dictionaries, one pass for each group and seed; PCA and ICA as well."""

import json
import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import torch

from repro.errors import ArtifactError
from repro.files import sha256_of, write_json
from repro.maker.activations.shards import batches, read_manifest
from repro.maker.dictionaries.decompose import COMPONENTS, decompose_item
from repro.maker.dictionaries.model import Transform, fit_transform_of, save_dictionary
from repro.maker.dictionaries.moments import load_transform, moments, save_transform
from repro.maker.dictionaries.train import (
    Recipe,
    Record,
    Timer,
    centred_at,
    dictionaries,
    load_checkpoint,
    save_checkpoint,
    start,
    train,
    transformed,
)
from repro.maker.engine.device import resolve_device, resolve_dtype
from repro.maker.engine.executor import Item, map_items
from repro.maker.engine.scratch import put_in_place, scratch_folder
from repro.maker.params.activate import Activate
from repro.maker.params.executor import Executor
from repro.maker.params.train import Adam, Group, Train
from repro.maker.stage import Stage

SITES, TRANSFORM = "sites", "transform.safetensors"


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    activate: Activate
    train: Train


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    activate: Path
    plant: Path


def run(params: Sections, inputs: Inputs, out: Path) -> None:
    """Train every group and seed of `train.groups` and write one file a dictionary.

    Beside them `sites/<site>/` holds the centring and scaling of each site, and of a language
    model's sites the principal and independent components.
    """
    settings = params.train
    stores = {site: _store(site, inputs) for site in _sites(settings)}
    how = settings.executor
    with scratch_folder(out, "items") as scratch:
        fits = [_transform_item(stores[site], settings) for site in stores]
        found = map_items(fit_site, fits, how, scratch, desc="centring and scaling")
        transforms = dict(zip(stores, found, strict=True))
        items = [
            _item(name, group, seed, stores[group.site], transforms[group.site], settings)
            for name, group in settings.groups.items()
            for seed in group.seeds
        ]
        results = map_items(train_item, items, how, scratch, desc="training")
        fitted = [
            {
                **_transform_item(stores[site], settings),
                **_components_item(site, transforms[site], settings),
            }
            for site in params.activate.sites
        ]
        components = map_items(
            decompose_item, fitted, _alone(settings), scratch, desc="principal components and ICA"
        )
        made = scratch / "out"
        shutil.rmtree(made, ignore_errors=True)
        of_sites = zip(params.activate.sites, components, strict=True)
        for site, source in (*transforms.items(), *of_sites):
            shutil.copytree(source, made / SITES / site, copy_function=os.link, dirs_exist_ok=True)
        members = []
        for item, result in zip(items, results, strict=True):
            target = made / item["group"] / f"seed{item['seed']}"
            shutil.copytree(result, target, copy_function=os.link)
            members += _members(item, target, made)
        sites = {site: _site_of(made, site) for site in transforms}
        write_json(made / "manifest.json", {"dictionaries": members, "sites": sites})
        put_in_place(made, out)


def _components_item(site: str, transform: Path, settings: Train) -> dict[str, Any]:
    ica = settings.ica
    return {
        "site": site,
        "transform": str(transform / TRANSFORM),
        "ica_rows": ica.rows if site in ica.sites else 0,
        "ica_iterations": ica.iterations,
        "threads": ica.threads,
    }


def _alone(settings: Train) -> Executor:
    """One after the other: all activations of a site are in memory at once."""
    return Executor(kind="processes", workers=1, threads=settings.ica.threads)


def _site_of(made: Path, site: str) -> dict[str, str]:
    """Files of a site by name, each with its hash, as the manifest lists them."""
    return {path.name: sha256_of(path) for path in sorted((made / SITES / site).iterdir())}


def fit_site(item: Item, folder: Path) -> None:
    """Work: the transform of one site, from one pass over its training shards."""
    mean, mean_squared_norm = moments(Path(item["store"]))
    transform = fit_transform_of(mean, mean_squared_norm, faithful=item["faithful"])
    save_transform(folder / TRANSFORM, transform)


def train_item(item: Item, folder: Path) -> None:
    """Work: one group with one seed; goes on from the checkpoint in `folder` if there is one."""
    transform = load_transform(Path(item["transform"]) / TRANSFORM)
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
    members = zip(dictionaries(stack, recipe), centred_at(stack, transform), strict=True)
    for index, (dictionary, centred) in enumerate(members):
        knob = {"alpha": recipe.alphas[index], "k": dictionary.k}
        described = {**about, **knob, "n_steps": recipe.n_steps}
        save_dictionary(folder / f"a{index}.safetensors", dictionary, centred, described)
    write_json(folder / "log.json", {**about, "records": [record._asdict() for record in log]})


def _sites(settings: Train) -> list[str]:
    return sorted({group.site for group in settings.groups.values()})


def _store(site: str, inputs: Inputs) -> Path:
    return (inputs.plant if site.startswith("planted_") else inputs.activate) / site


def _transform_item(store: Path, settings: Train) -> dict[str, Any]:
    manifest = sha256_of(store / "manifest.json") if (store / "manifest.json").exists() else ""
    return {"store": str(store), "manifest": manifest, "faithful": settings.faithful}


def _item(
    name: str, group: Group, seed: int, store: Path, transform: Path, settings: Train
) -> dict[str, Any]:
    """Everything that decides the bytes of one group with one seed."""
    manifest = read_manifest(store)
    n_steps = manifest.rows("train") // settings.batch
    if n_steps == 0:
        raise ArtifactError(
            f"site {group.site} has {manifest.rows('train')} training activations",
            expected=f"at least one batch of {settings.batch}",
            mend="raise tokenize.train_tokens or lower train.batch in params.yaml",
        )
    device = resolve_device(settings.device)
    return {
        **_transform_item(store, settings),
        "transform": str(transform),
        "group": name,
        **group.model_dump(include={"site", "method", "width"}),
        "knobs": group.knobs,
        "seed": seed,
        "d_in": manifest.dimension,
        "d_sae": round(group.width * manifest.dimension),
        "n_steps": n_steps,
        "batch": settings.batch,
        "mixing_shards": settings.mixing_shards,
        "optimiser": _optimiser(settings.optimiser, name, group.site),
        "reduction": settings.reduction,
        "tied": settings.tied,
        "start_scale": settings.start_scale,
        "schedule": settings.schedule.model_dump(),
        "matmul": str(resolve_dtype(settings.precision, device)).removeprefix("torch."),
        "device": str(device),
        "threads": settings.executor.threads,
        "checkpoint_s": settings.checkpoint_s,
    }


def _optimiser(adam: Adam, group: str, site: str) -> dict[str, Any]:
    lr = adam.lr_at.get(group, adam.lr_at.get(site, adam.lr))
    return adam.model_dump(exclude={"lr_at"}) | {"lr": lr}


def _recipe(item: Item) -> Recipe:
    adam, schedule = item["optimiser"], item["schedule"]
    return Recipe(
        name=f"{item['group']} ({item['method']}, site {item['site']}, width {item['width']:g}, "
        f"seed {item['seed']})",
        method=item["method"],
        d_sae=item["d_sae"],
        alphas=tuple(alpha for alpha, _ in item["knobs"]),
        ks=tuple(k for _, k in item["knobs"] if k),
        seed=item["seed"],
        n_steps=item["n_steps"],
        lr=adam["lr"],
        betas=(adam["beta1"], adam["beta2"]),
        eps=adam["eps"],
        warmup=schedule["warmup"],
        decay=schedule["decay"],
        penalty_warmup=schedule["penalty_warmup"],
        clip=adam["clip"],
        matmul=getattr(torch, item["matmul"]),
        device=torch.device(item["device"]),
        tied=item["tied"],
        start_scale=item["start_scale"],
        reduction=item["reduction"],
        step_counter=adam["step_counter"],
    )


def _members(item: Item, folder: Path, out: Path) -> list[dict[str, Any]]:
    return [
        {
            **{key: item[key] for key in ("group", "site", "method", "width", "seed")},
            "alpha": alpha,
            "k": k,
            "file": str((folder / f"a{index}.safetensors").relative_to(out)),
            "sha256": sha256_of(folder / f"a{index}.safetensors"),
        }
        for index, (alpha, k) in enumerate(item["knobs"])
    ]


def read_members(trained: Path) -> list[dict[str, Any]]:
    """The dictionaries that a training run left, as its manifest lists them.

    Raises:
        ArtifactError: the manifest is missing or malformed.
    """
    return _read_manifest(trained)["dictionaries"]


def _read_manifest(trained: Path) -> Any:
    path = trained / "manifest.json"
    try:
        content = json.loads(path.read_text(encoding="utf8"))
        return {name: content[name] for name in ("dictionaries", "sites")}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        raise ArtifactError(
            f"{path} is missing or malformed",
            expected="the manifest of a trained grid",
            mend="dvc repro train",
        ) from None


def read_site(trained: Path, site: str) -> dict[str, str]:
    """What every item of a site needs of the training: its transform and components, by content.

    Raises:
        ArtifactError: the manifest is missing or malformed, or nothing was trained at the site.
    """
    listed = _read_manifest(trained)["sites"]
    if site not in listed:
        raise ArtifactError(
            f"{trained / 'manifest.json'}: nothing was trained at the site {site!r}",
            expected=f"one of {', '.join(sorted(listed))}",
            mend="edit train.groups in params.yaml, then: dvc repro train",
        )
    folder = trained / SITES / site
    return {
        "transform": str(folder / TRANSFORM),
        "transform_sha256": listed[site][TRANSFORM],
        "components": str(folder / COMPONENTS) if COMPONENTS in listed[site] else "",
        "components_sha256": listed[site].get(COMPONENTS, ""),
    }


STAGE = Stage(run, desc="The whole grid of dictionaries, one pass for each group and seed.")
