"""train: the whole grid of dictionaries, one pass for each group and seed; PCA and ICA as well."""

import os
import shutil
from itertools import product
from pathlib import Path
from typing import NamedTuple

import torch

from repro.errors import ArtifactError
from repro.files import sha256_of, write_json
from repro.maker.activations.shards import batches, read_manifest
from repro.maker.decompositions.fit import ComponentsJob, decompose_item
from repro.maker.decompositions.trained import SITE_FOLDERS, TRANSFORM, Member, write_trained
from repro.maker.dictionaries.architectures.architecture import Stack
from repro.maker.dictionaries.checkpoint import Timer, load_checkpoint, save_checkpoint
from repro.maker.dictionaries.loss import Reduction
from repro.maker.dictionaries.model import Transform, fit_transform_of, save_dictionary
from repro.maker.dictionaries.moments import load_transform, moments, save_transform
from repro.maker.dictionaries.recipe import Recipe
from repro.maker.dictionaries.stack import centred_at, dictionaries, start
from repro.maker.dictionaries.train import Logged, train, transformed
from repro.maker.engine.device import resolve_device, resolve_dtype
from repro.maker.engine.executor import crew
from repro.maker.engine.job import Job
from repro.maker.engine.scratch import put_in_place, scratch_folder
from repro.maker.params.executor import Executor
from repro.maker.params.plant import PLANTED, TOY
from repro.maker.params.train import Adam, Group, Schedule, Train
from repro.maker.stage import Stage


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

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
    with scratch_folder(out, "items") as scratch:
        with crew(settings.executor, scratch) as workers:
            fits = [_fit_job(store, settings) for store in stores.values()]
            found = workers.map(fit_site, fits, desc="centring and scaling")
            transforms = dict(zip(stores, found, strict=True))
            jobs = [
                _job(name, group, seed, stores[group.site], transforms[group.site], settings)
                for name, group in settings.groups.items()
                for seed in group.seeds
            ]
            results = workers.map(train_item, jobs, desc="training")
        on_model = [site for site in stores if not _is_planted(site)]
        drawn = list(product(on_model, settings.components.draws))
        fitted = [_components_job(stores[s], transforms[s], draw, settings) for s, draw in drawn]
        with crew(_alone(settings), scratch) as worker:
            desc = "principal components and ICA"
            components = worker.map(decompose_item, fitted, desc=desc)
        made = scratch / "out"
        shutil.rmtree(made, ignore_errors=True)
        of_sites = zip((site for site, _ in drawn), components, strict=True)
        for site, source in (*transforms.items(), *of_sites):
            shutil.copytree(
                source, made / SITE_FOLDERS / site, copy_function=os.link, dirs_exist_ok=True
            )
        members = []
        for job, result in zip(jobs, results, strict=True):
            target = made / job.group / f"seed{job.seed}"
            shutil.copytree(result, target, copy_function=os.link)
            members += _members(job, target, made)
        write_trained(made, members)
        put_in_place(made, out)


class FitJob(Job):
    """Centring and scaling of a site."""

    store: Path
    """Folder of its activations."""
    manifest: str
    """SHA-256 of their manifest."""
    faithful: bool
    """Neither centre nor scale, as the authors."""


class TrainJob(Job):
    """One group with one seed: a stack of dictionaries trained side by side."""

    store: Path
    """Folder of the site's activations."""
    manifest: str
    """SHA-256 of their manifest."""
    transform: Path
    """Folder of the site's centring and scaling; named for what they were made of."""
    group: str
    """Name of the group."""
    site: str
    """Role of the site, or planted set."""
    method: str
    """The autoencoder."""
    expansion_factor: float
    """Dictionary size over dimension."""
    knobs: list[tuple[float, int]]
    """Penalty and number of codes kept (0: all) of each member."""
    seed: int
    """Seed of initialisation and data order."""
    d_in: int
    """Coordinates of an activation."""
    d_sae: int
    """Features of each member."""
    n_steps: int
    """Steps in the pass."""
    batch: int
    """Activations a step."""
    mixing_shards: int
    """Shards shuffled together."""
    lr: float
    """Step size."""
    adam: Adam
    """The optimiser's other constants."""
    schedule: Schedule
    """Step size and penalty over the pass."""
    reduction: Reduction
    """Squared error over coordinates."""
    tied: bool
    """Whether the encoder reads with the decoder's rows."""
    start_scale: float
    """Length of the initial rows over Xavier's."""
    matmul: str
    """Number format of the matrix products."""
    device: str
    """Where it is trained."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""
    checkpoint_s: float
    """Seconds between checkpoints."""


def _fit_job(store: Path, settings: Train) -> FitJob:
    manifest = sha256_of(store / "manifest.json") if (store / "manifest.json").exists() else ""
    return FitJob(store=store, manifest=manifest, faithful=settings.faithful)


def _components_job(store: Path, transform: Path, draw: int, settings: Train) -> ComponentsJob:
    ica = settings.ica
    return ComponentsJob(
        store=store,
        manifest=_fit_job(store, settings).manifest,
        transform=transform / TRANSFORM,
        draw=draw,
        share=settings.components.share,
        ica_rows=ica.rows if store.name in ica.sites else 0,
        ica_iterations=ica.iterations,
        threads=ica.threads,
    )


def _alone(settings: Train) -> Executor:
    """One after the other: all activations of a site are in memory at once."""
    return Executor(kind="processes", workers=1, threads=settings.ica.threads)


def fit_site(job: FitJob, folder: Path) -> None:
    """Work: the transform of one site, from one pass over its training shards."""
    mean, mean_squared_norm = moments(job.store)
    transform = fit_transform_of(mean, mean_squared_norm, faithful=job.faithful)
    save_transform(folder / TRANSFORM, transform)


def train_item(job: TrainJob, folder: Path) -> None:
    """Work: one group with one seed; goes on from the checkpoint in `folder` if there is one."""
    transform = load_transform(job.transform / TRANSFORM)
    recipe = recipe_of(job)
    stack, step, records = start(recipe, job.d_in), 0, []
    checkpoint = folder / "checkpoint.safetensors"
    if checkpoint.exists():
        stack, step, records = load_checkpoint(checkpoint, recipe)
    source = batches(
        job.store, batch=job.batch, seed=job.seed, mixing_shards=job.mixing_shards, skip=step
    )
    due = Timer(job.checkpoint_s)
    for done, record in train(stack, transformed(source, transform), recipe, first_step=step):
        records += [record] if record else []
        if due.is_due():
            save_checkpoint(checkpoint, stack, done, records)
    _save(folder, stack, recipe, transform, job, records)
    checkpoint.unlink(missing_ok=True)


def _save(
    folder: Path, stack: Stack, recipe: Recipe, transform: Transform, job: TrainJob,
    log: list[Logged],
) -> None:  # fmt: skip
    about = job.model_dump(include={"group", "site", "method", "expansion_factor", "seed"})
    members = zip(dictionaries(stack, recipe), centred_at(stack, transform), strict=True)
    for index, (dictionary, centred) in enumerate(members):
        knob = {"alpha": recipe.alphas[index], "k": dictionary.k}
        described = {**about, **knob, "n_steps": recipe.n_steps}
        save_dictionary(folder / f"a{index}.safetensors", dictionary, centred, described)
    write_json(folder / "log.json", {**about, "records": [record._asdict() for record in log]})


def _sites(settings: Train) -> list[str]:
    return sorted({group.site for group in settings.groups.values()})


def _store(site: str, inputs: Inputs) -> Path:
    return (inputs.plant if _is_planted(site) else inputs.activate) / site


def _is_planted(site: str) -> bool:
    return site in (*PLANTED, *TOY)


def _job(
    name: str, group: Group, seed: int, store: Path, transform: Path, settings: Train
) -> TrainJob:
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
    adam = settings.optimiser
    return TrainJob(
        store=store,
        manifest=_fit_job(store, settings).manifest,
        transform=transform,
        group=name,
        site=group.site,
        method=group.method,
        expansion_factor=group.expansion_factor,
        knobs=group.knobs,
        seed=seed,
        d_in=manifest.dimension,
        d_sae=round(group.expansion_factor * manifest.dimension),
        n_steps=n_steps,
        batch=settings.batch,
        mixing_shards=settings.mixing_shards,
        lr=adam.lr_at.get(name, adam.lr_at.get(group.site, adam.lr)),
        adam=adam.model_copy(update={"lr_at": {}}),
        schedule=settings.schedule,
        reduction=settings.reduction,
        tied=settings.tied,
        start_scale=settings.start_scale,
        matmul=str(resolve_dtype(settings.precision, device)).removeprefix("torch."),
        device=str(device),
        threads=settings.executor.threads,
        checkpoint_s=settings.checkpoint_s,
    )


def recipe_of(job: TrainJob) -> Recipe:
    """What the engine is told."""
    return Recipe(
        name=f"{job.group} ({job.method}, {job.site}, R {job.expansion_factor:g}, seed {job.seed})",
        method=job.method,
        d_sae=job.d_sae,
        alphas=tuple(alpha for alpha, _ in job.knobs),
        ks=tuple(k for _, k in job.knobs if k),
        seed=job.seed,
        n_steps=job.n_steps,
        lr=job.lr,
        betas=(job.adam.beta1, job.adam.beta2),
        eps=job.adam.eps,
        warmup=job.schedule.warmup,
        decay=job.schedule.decay,
        penalty_warmup=job.schedule.penalty_warmup,
        clip=job.adam.clip,
        matmul=getattr(torch, job.matmul),
        device=torch.device(job.device),
        tied=job.tied,
        start_scale=job.start_scale,
        reduction=job.reduction,
        step_counter=job.adam.step_counter,
    )


def _members(job: TrainJob, folder: Path, out: Path) -> list[Member]:
    return [
        Member(
            **job.model_dump(include={"group", "site", "method", "expansion_factor", "seed"}),
            alpha=alpha,
            k=k,
            file=str((folder / f"a{index}.safetensors").relative_to(out)),
            sha256=sha256_of(folder / f"a{index}.safetensors"),
        )
        for index, (alpha, k) in enumerate(job.knobs)
    ]


STAGE = Stage(run, desc="The whole grid of dictionaries, one pass for each group and seed.")
