"""toy: which planted features a trained dictionary has found, one to one, beside chance."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import torch

from repro.contract.rows.toy import ToyRow
from repro.contract.written import write_evidence
from repro.files import sha256_of
from repro.maker.activations.shards import read_manifest, read_split
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.random import random_dictionary
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.decompositions.trained import Member, asked_of, read_trained, site_files
from repro.maker.dictionaries.evaluate import reconstruct
from repro.maker.dictionaries.metrics import matched_cosines, moments_of, nearest_cosines
from repro.maker.dictionaries.model import Dictionary
from repro.maker.engine.executor import crew
from repro.maker.engine.job import Job
from repro.maker.engine.provenance import versions
from repro.maker.engine.record import Record
from repro.maker.engine.result import read_result, write_result
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.params.plant import TOY, Plant
from repro.maker.params.setting import Setting
from repro.maker.params.toy import Toy
from repro.maker.params.train import Train
from repro.maker.stage import Stage, dumped
from repro.maker.stages.plant import TRUTH, read_truth

UNRANKED = 0
"""Place of a penalty before it is seen beside the others of its setting."""


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
    how = params.toy.executor
    with scratch_folder(out.with_name("toy"), "items") as scratch, crew(how, scratch) as workers:
        jobs = list(_jobs(params, inputs))
        results = workers.map(recover_item, jobs, desc="recovery")
        rows = list(_ranked([read_result(path, Recovered).row for path in results]))
        write_evidence(
            scratch / "out",
            "toy",
            rows,
            counts={"dictionaries_trained": sum(row.method == "sae" for row in rows)},
            scope=None,
            provenance=_provenance(params, inputs.train),
        )
        put_files_in_place(scratch / "out", out)


class Recovered(Record):
    """What recovery by one dictionary came to."""

    row: ToyRow
    """Its row, not yet ranked among the penalties of its setting."""


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
    active_true: float
    """True features active at once, on average."""
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
    row = ToyRow(
        regime=job.asked.of.site.removeprefix("planted_"),
        method=job.method,
        alpha=job.alpha,
        expansion_factor=job.asked.expansion_factor,
        seed=job.asked.seed,
        fvu_rank=UNRANKED,
        n_true=len(truth),
        n_learned=len(dictionary.W_dec),
        cosine=float(cosines.double().sum()),
        n_recovered=int((cosines >= job.recovered_cosine).sum()),
        nearest_cosine=float(nearest_cosines(truth, dictionary.W_dec).double().sum()),
        nearest_cosine_learned=float(nearest_cosines(dictionary.W_dec, truth).double().sum()),
        active_true=job.active_true,
        n_tokens=len(z),
        active=float(sums.active.sum()),
        squared_error=float(sums.squared_error.sum()),
        variance=float(sums.variance.sum()),
    )
    write_result(folder, Recovered(row=row))


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


def _jobs(params: Sections, inputs: Inputs) -> Iterator[RecoverJob]:
    """The trained dictionaries, and for each regime, R and seed one of chance and the truth."""
    members = [m for m in read_trained(inputs.train).dictionaries if m.site in TOY]
    jobs = [_job(member, params, inputs) for member in members]
    jobs.sort(key=lambda job: job.setting)
    for _, group in groupby(jobs, key=lambda job: job.setting):
        of_setting = list(group)
        yield from of_setting
        for number, method in enumerate(("random", "truth")):
            null_seed = 4000 + 1000 * number + of_setting[0].asked.seed
            changes = {"method": method, "alpha": 0.0, "null_seed": null_seed}
            yield of_setting[0].model_copy(update=changes)


def _job(member: Member, params: Sections, inputs: Inputs) -> RecoverJob:
    store = inputs.plant / member.site
    read_manifest(store)
    read_truth(store)
    return RecoverJob(
        asked=asked_of(member, site_files(inputs.train, store), inputs.train),
        method=member.method,
        alpha=member.alpha,
        truth_sha256=sha256_of(store / TRUTH),
        null_seed=0,
        recovered_cosine=params.toy.recovered_cosine,
        active_true=params.plant.toy.active,
        threads=params.toy.executor.threads,
    )


def _ranked(rows: list[ToyRow]) -> Iterator[ToyRow]:
    """The penalties of one setting ranked by FVU on held-out vectors.

    The rank is how a penalty is chosen without a look at the truth: smallest FVU first.
    """
    setting = attrgetter("regime", "expansion_factor", "seed", "method")
    for row in rows:
        rivals = [rival for rival in rows if setting(rival) == setting(row)]
        better = sum(_fvu(rival) < _fvu(row) for rival in rivals)
        yield row.model_copy(update={"fvu_rank": 1 + better})


def _fvu(row: ToyRow) -> float:
    return row.squared_error / row.variance


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
