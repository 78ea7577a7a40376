"""toy: which planted features a trained dictionary has found, one to one, beside chance."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import torch

from repro.contract.evidence import write_evidence
from repro.contract.rows.toy import ToyRow
from repro.files import sha256_of, write_json
from repro.maker.activations.shards import read_manifest, read_split
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.random import random_dictionary
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.decompositions.trained import Member, asked_of, read_trained, site_files
from repro.maker.dictionaries.evaluate import reconstruct
from repro.maker.dictionaries.metrics import matched_cosines, moments_of, nearest_cosines
from repro.maker.dictionaries.model import Dictionary
from repro.maker.engine.executor import map_items
from repro.maker.engine.job import Job
from repro.maker.engine.provenance import versions
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.params.plant import TOY, Plant
from repro.maker.params.setting import Setting
from repro.maker.params.toy import Toy
from repro.maker.params.train import Train
from repro.maker.stage import Stage, dumped
from repro.maker.stages.plant import TRUTH, read_truth

RESULT = "result.json"


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    plant: Plant
    train: Train
    toy: Toy


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    plant: Path
    train: Path


def run(params: Sections, inputs: Inputs, out: Path) -> None:
    """Match every dictionary of the toy, and two of known answer, against the planted features."""
    with scratch_folder(out.with_name("toy"), "items") as scratch:
        jobs = list(_jobs(params.toy, inputs))
        results = map_items(recover_item, jobs, params.toy.executor, scratch, desc="recovery")
        found = [json.loads((path / RESULT).read_text("utf8")) for path in results]
        rows = list(_ranked(jobs, found, params.plant.toy.active))
        write_evidence(
            scratch / "out",
            "toy",
            rows,
            counts={"dictionaries_trained": sum(row.method == "sae" for row in rows)},
            scope=None,
            provenance=_provenance(params, inputs.train),
        )
        put_files_in_place(scratch / "out", out)


class RecoverJob(Job):
    """One dictionary against planted features."""

    asked: Asked
    """The trained dictionary, or the one whose place chance or the truth takes."""
    method: str
    """The autoencoder, or random or truth."""
    alpha: float
    """L1 coefficient; 0 for chance and the truth."""
    truth_sha256: str
    """The planted features, by hash."""
    null_seed: int
    """Seed of chance, and of the order of the truth; 0 for a trained dictionary."""
    recovered_cosine: float
    """Cosine from which a feature counts as found."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""

    @property
    def setting(self) -> tuple[str, float, int]:
        """What the penalties of one curve have in common."""
        return self.asked.of.site, self.asked.expansion_factor, self.asked.seed


def recover_item(job: RecoverJob, folder: Path) -> None:
    """Work: one dictionary against the truth, and how it reconstructs held-out vectors."""
    truth = read_truth(job.asked.of.store)
    trained = decomposition_of(job.asked)
    dictionary = _in_its_place(job, trained.dictionary, truth)
    cosines = matched_cosines(truth, dictionary.W_dec)
    x, document = read_split(job.asked.of.store, "heldout")
    z = trained.transform.forward(x.float())
    # One document: the toy asks about dictionaries, so seeds are its only clusters.
    sums = reconstruct(dictionary, z, torch.zeros_like(document).long(), moments_of(z)).sums
    write_json(
        folder / RESULT,
        {
            "n_true": len(truth),
            "n_learned": len(dictionary.W_dec),
            "cosine": float(cosines.double().sum()),
            "n_recovered": int((cosines >= job.recovered_cosine).sum()),
            "nearest_cosine": float(nearest_cosines(truth, dictionary.W_dec).double().sum()),
            "nearest_cosine_learned": float(
                nearest_cosines(dictionary.W_dec, truth).double().sum()
            ),
            "n_tokens": len(z),
            "active": float(sums.active.sum()),
            "squared_error": float(sums.squared_error.sum()),
            "variance": float(sums.variance.sum()),
        },
    )


def _in_its_place(job: RecoverJob, trained: Dictionary, truth: torch.Tensor) -> Dictionary:
    match job.method:
        case "random":
            rows = random_dictionary(truth.shape[1], len(trained.W_dec), seed=job.null_seed)
        case "truth":
            generator = torch.Generator().manual_seed(job.null_seed)
            rows = truth[torch.randperm(len(truth), generator=generator)]
        case _:
            return trained
    return Dictionary(rows, torch.zeros(len(rows)), rows, "relu", 0)


def _jobs(settings: Toy, inputs: Inputs) -> Iterator[RecoverJob]:
    """The trained dictionaries, and for each regime, R and seed one of chance and the truth."""
    members = [m for m in read_trained(inputs.train).dictionaries if m.site in TOY]
    jobs = [_job(member, settings, inputs) for member in members]
    jobs.sort(key=lambda job: job.setting)
    for _, group in groupby(jobs, key=lambda job: job.setting):
        of_setting = list(group)
        yield from of_setting
        for number, method in enumerate(("random", "truth")):
            null_seed = 4000 + 1000 * number + of_setting[0].asked.seed
            changes = {"method": method, "alpha": 0.0, "null_seed": null_seed}
            yield of_setting[0].model_copy(update=changes)


def _job(member: Member, settings: Toy, inputs: Inputs) -> RecoverJob:
    store = inputs.plant / member.site
    read_manifest(store)
    read_truth(store)
    return RecoverJob(
        asked=asked_of(member, site_files(inputs.train, store), inputs.train),
        method=member.method,
        alpha=member.alpha,
        truth_sha256=sha256_of(store / TRUTH),
        null_seed=0,
        recovered_cosine=settings.recovered_cosine,
        threads=settings.executor.threads,
    )


def _ranked(
    jobs: list[RecoverJob], results: list[dict[str, Any]], active: float
) -> Iterator[ToyRow]:
    """Rows, the penalties of one setting ranked by FVU on held-out vectors.

    The rank is how a penalty is chosen without a look at the truth: smallest FVU first.
    """
    fvu = [r["squared_error"] / r["variance"] for r in results]
    for job, result, own in zip(jobs, results, fvu, strict=True):
        rivals = [
            other
            for rival, other in zip(jobs, fvu, strict=True)
            if (rival.setting, rival.method) == (job.setting, job.method)
        ]
        yield ToyRow(
            **job.model_dump(include={"method", "alpha"}),
            **job.asked.model_dump(include={"expansion_factor", "seed"}),
            **result,
            regime=job.asked.of.site.removeprefix("planted_"),
            fvu_rank=1 + sum(other < own for other in rivals),
            active_true=active,
        )


def _provenance(params: Sections, trained: Path) -> dict[str, Any]:
    return {
        "profile": params.setting.profile,
        "params": dumped(params),
        "trained_sha256": sha256_of(trained / "manifest.json"),
        "versions": versions(),
        "threads": params.toy.executor.threads,
    }


STAGE = Stage(
    run, desc="Which planted features are found, one to one, beside chance.", tables=(ToyRow,)
)
