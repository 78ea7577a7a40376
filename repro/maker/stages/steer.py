"""steer: features amplified while the language model writes, beside what they are compared with."""

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import torch

from repro.contract.rows.row import Row
from repro.contract.rows.steer import SteerRow, SteerTextRow
from repro.maker.about import about, write_tables
from repro.maker.decompositions.asked import Asked, SiteFiles
from repro.maker.decompositions.draws import draws_of
from repro.maker.decompositions.listed import write_listed
from repro.maker.decompositions.trained import asked_of, read_trained, site_files, untrained
from repro.maker.engine.executor import crew
from repro.maker.engine.result import read_result
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.interpret.reading import Reading
from repro.maker.params.activate import Activate
from repro.maker.params.setting import Setting
from repro.maker.params.steer import Steer
from repro.maker.params.tokenize import Tokenize
from repro.maker.params.train import Train
from repro.maker.stage import Stage
from repro.maker.steer.items import Steered, steer_item
from repro.maker.steer.jobs import SEARCHED, Pushing, SteerJob

PARTS = 2
"""In which the features of a dictionary are spread."""
LEAST_RECALL = 0.2
"""As in the search of the stage `features`."""


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    tokenize: Tokenize
    activate: Activate
    train: Train
    steer: Steer


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    fetch: Path
    tokenize: Path
    activate: Path
    train: Path


def run(params: Sections, inputs: Inputs, out: Path, own: Path) -> None:
    """Label, calibrate and push the features of every chosen dictionary.

    Tables go to `out`; which features were pushed, for their cards, to `own`.
    """
    ours = params.steer
    with scratch_folder(out, "steer-items") as scratch, crew(ours.executor, scratch) as workers:
        reading = Reading(params, inputs, ours, workers)
        edited = reading.edited(ours.site)
        jobs = list(_jobs(params, inputs, reading))
        results = workers.map(steer_item, jobs, desc="steering")
        found = [read_result(folder, Steered) for folder in results]
        tables: dict[str, list[Row]] = {
            "steer": [row for one in found for row in one.rows],
            "steer_texts": [row for one in found for row in one.texts],
        }
        counts = {
            "features_pushed": sum(one.n_labelled for one in found),
            "features_asked_for": len(jobs) // PARTS * (ours.random + ours.best),
            "prompts": len(ours.prompts),
        }
        told = about(params, inputs, counts, text=edited.text.name)
        write_tables(scratch / "out", tables, told)
        pushed = [[row.feature for row in one.rows] for one in found]
        hashes = [job.asked.sha256 for job in jobs]
        write_listed(scratch / "own", zip(hashes, pushed, strict=True))
        put_files_in_place(scratch / "own", own)
        put_files_in_place(scratch / "out", out)


def _jobs(params: Sections, inputs: Inputs, reading: Reading) -> Iterator[SteerJob]:
    """Parts of the features of each dictionary."""
    ours, site = params.steer, site_files(inputs.train, inputs.activate / params.steer.site)
    read, edited = reading.at([ours.site])[ours.site], reading.edited(ours.site)
    reader = reading.model(getattr(torch, reading.on_model[ours.site].dtype))
    members = [
        member
        for member in read_trained(inputs.train).dictionaries
        if member.alpha in ours.dictionaries.get(member.group, ())
    ]
    for member, part in product(members, range(PARTS)):
        yield SteerJob(
            asked=asked_of(member, site, inputs.train),
            others=list(_others(site, params.train.components.draws, member.seed)),
            read=read,
            edited=edited,
            reader=reader,
            part=(part, PARTS),
            pushing=_pushing(ours),
        )


def _others(site: SiteFiles, draws: Sequence[int], seed: int) -> Iterator[Asked]:
    """What is searched beside a dictionary: of several draws the one that stands where it does."""
    for method in SEARCHED:
        several = draws_of(method, draws)
        yield untrained(site, method, expansion_factor=2.0, seed=several[seed % len(several)])


def _pushing(ours: Steer) -> Pushing:
    return Pushing(
        n_random=ours.random,
        n_best=ours.best,
        alive_firings=ours.alive_firings,
        keywords=ours.keywords,
        least_purity=ours.least_purity,
        most_common=ours.most_common,
        prompts=ours.prompts,
        tokens_written=ours.tokens_written,
        equal_norm=ours.equal_norm,
        lengths=ours.lengths,
        calibrated_tokens=ours.calibrated_tokens,
        allowed_rise=ours.allowed_rise,
        least_recall=LEAST_RECALL,
        seed=ours.seed,
    )


STAGE = Stage(
    run,
    desc="Features amplified while the language model writes, beside what they compete with.",
    tables=(SteerRow, SteerTextRow),
)
