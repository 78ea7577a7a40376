"""erase: a concept taken out of activations by one feature, and by what it is compared with."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from repro.contract.rows.erase import EraseFeatureRow, EraseRow, EraseScoreRow
from repro.contract.rows.row import Row
from repro.files import sha256_of
from repro.maker.about import about, write_tables
from repro.maker.activations.edited import EditedModel
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.listed import write_listed
from repro.maker.decompositions.trained import asked_of, read_trained, site_files, untrained
from repro.maker.engine.executor import crew
from repro.maker.engine.result import read_result
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.erase.items import Erased, erase_item
from repro.maker.erase.jobs import EraseJob, ReadJob, Way
from repro.maker.erase.names import names_file, read_names
from repro.maker.erase.read import read_item
from repro.maker.interpret.reading import Reading
from repro.maker.params.activate import Activate
from repro.maker.params.erase import Erase
from repro.maker.params.setting import Setting
from repro.maker.params.tokenize import Tokenize
from repro.maker.params.train import Train
from repro.maker.stage import Stage

OF_DICTIONARIES: dict[Way, str] = {
    "best": "sae",
    "likest": "sae_likest",
    "random": "random_feature",
}
"""How the tables call what is done with each dictionary."""


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    tokenize: Tokenize
    activate: Activate
    train: Train
    erase: Erase


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    fetch: Path
    tokenize: Path
    activate: Path
    train: Path


def run(params: Sections, inputs: Inputs, out: Path, own: Path) -> None:
    """Fit and choose on half of the names; judge on the others, and on text.

    Tables go to `out`; which features erased, for their cards, to `own`.
    """
    ours = params.erase
    read_names(ours.names)  # a mistake in them is told before the language model is run
    with scratch_folder(out, "erase-items") as scratch, crew(ours.executor, scratch) as workers:
        reading = Reading(params, inputs, ours, workers)
        edited = reading.edited(ours.site)
        asked = ReadJob(
            edited=edited,
            names=ours.names,
            names_sha256=sha256_of(names_file(ours.names)),
            shots=ours.shots,
            most_names=ours.most_names,
            seed=ours.seed,
        )
        read = workers.map(read_item, [asked], desc="names")[0]
        jobs = list(_jobs(params, inputs, read, edited))
        results = workers.map(erase_item, jobs, desc="erasure")
        found = [read_result(folder, Erased) for folder in results]
        tables: dict[str, list[Row]] = {
            "erase": [row for one in found for row in one.text],
            "erase_scores": [row for one in found for row in one.scores],
            "erase_features": [row for one in found for row in one.features],
        }
        counts = {"ways": len(jobs), "dictionaries_trained": sum(j.way == "best" for j in jobs) - 1}
        told = about(params, inputs, counts, text=edited.text.name, names_sha256=asked.names_sha256)
        write_tables(scratch / "out", tables, told)
        trained = [(job, one) for job, one in zip(jobs, found, strict=True) if job.asked.file]
        erasing = [
            (job.asked.sha256, [row.feature for row in one.features]) for job, one in trained
        ]
        write_listed(scratch / "own", erasing)
        put_files_in_place(scratch / "own", own)
        put_files_in_place(scratch / "out", out)


def _jobs(params: Sections, inputs: Inputs, read: Path, edited: EditedModel) -> Iterator[EraseJob]:
    """One way of erasing each."""
    ours = params.erase
    for way, method, one in _ways(params, inputs):
        yield EraseJob(
            way=way,
            asked=one,
            method=method,
            read=read,
            edited=edited,
            strengths=ours.strengths,
            candidates=ours.candidates,
            seed=ours.seed,
        )


def _ways(params: Sections, inputs: Inputs) -> Iterator[tuple[Way, str, Asked]]:
    """Each way of erasing, how the tables call it, and the decomposition that it takes."""
    ours, site = params.erase, site_files(inputs.train, inputs.activate / params.erase.site)
    for member in read_trained(inputs.train).dictionaries:
        if member.alpha in ours.dictionaries.get(member.group, ()):
            for way, method in OF_DICTIONARIES.items():
                yield way, method, asked_of(member, site, inputs.train)
    plain = untrained(site, "neurons_signed", expansion_factor=2.0)
    yield "best", "neurons_signed", plain
    yield "mean_difference", "mean_difference", plain
    yield "leace", "leace", plain


STAGE = Stage(
    run,
    desc="A concept erased by one feature, beside LEACE and the difference of means.",
    tables=(EraseRow, EraseScoreRow, EraseFeatureRow),
)
