"""ioi: which features carry the name that the model repeats, and is the trained set smaller?"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from repro.contract.rows.ioi import (
    CurveRow,
    EditRow,
    FeatureRow,
    IoiRow,
    LevelRow,
    PromptRow,
)
from repro.contract.rows.row import Row
from repro.files import sha256_of
from repro.maker.about import about, write_tables
from repro.maker.activations.harvested import editable, harvested
from repro.maker.activations.loaded import model_files
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.draws import draws_of
from repro.maker.decompositions.listed import write_listed
from repro.maker.decompositions.trained import asked_of, read_trained, site_files, untrained
from repro.maker.engine.device import describe, resolve_device, resolve_dtype
from repro.maker.engine.executor import crew
from repro.maker.engine.result import read_result
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.ioi.items import localise_item, planted_item
from repro.maker.ioi.jobs import (
    ENDS,
    Choosing,
    LocaliseJob,
    NamesJob,
    PlantedJob,
    PromptsJob,
    Speaker,
)
from repro.maker.ioi.prompted import TENSORS, encoder_of, names_item, prompts_item
from repro.maker.ioi.prompts import usable_names
from repro.maker.ioi.results import Localised
from repro.maker.ioi.tables import prompt_rows, tables_of
from repro.maker.ioi.words import file_of, read_words
from repro.maker.params.ioi import Ioi, Localisation
from repro.maker.params.setting import Setting
from repro.maker.params.tokenize import Tokenize
from repro.maker.params.train import Train
from repro.maker.source.records import ModelRecord, read_record
from repro.maker.stage import Stage

PLANTED_DRAWS, PLANTED_COUNTS = 20, [1, 2, 4, 8, 16, 32, 64]
"""Read-outs of known causes cost nothing, so there are enough to measure the control well."""


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    tokenize: Tokenize
    train: Train
    ioi: Ioi


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    fetch: Path
    tokenize: Path
    activate: Path
    train: Path


def run(params: Sections, inputs: Inputs, out: Path, own: Path) -> None:
    """Patch, choose and measure for every plan; write six tables of evidence.

    What the curves of trained dictionaries patch first goes to `own` as well.
    """
    bench, how = IoiJobs(params, inputs), params.ioi.executor
    with scratch_folder(out.with_name("ioi"), "items") as scratch, crew(how, scratch) as workers:
        asked = list(bench.prompts())
        prompts = workers.map(prompts_item, asked, desc="prompts")
        names = workers.map(names_item, [bench.names()], desc="mean of each name")[0]
        drawn = {(j.draw, j.corruption): path for j, path in zip(asked, prompts, strict=True)}
        jobs = list(bench.localisations(drawn, names / TENSORS))
        found = workers.map(localise_item, jobs, desc="localisation")
        known = list(bench.planted())
        truths = workers.map(planted_item, known, desc="planted truth")
        results = [read_result(path, Localised) for path in (*found, *truths)]
        tables: dict[str, list[Row]] = {
            "ioi_prompts": list(prompt_rows(prompts)),
            **tables_of(results, params.ioi.carrying_share),
        }
        told = about(params, inputs, bench.counts(jobs), **bench.made_with())
        write_tables(scratch / "out", tables, told)
        firsts = [[row.feature for row in one.features] for one in results[: len(jobs)]]
        hashes = [job.asked.sha256 for job in jobs]
        write_listed(scratch / "own", zip(hashes, firsts, strict=True))
        put_files_in_place(scratch / "own", own)
        put_files_in_place(scratch / "out", out)


class IoiJobs:
    """The inputs of the stage and the lists of jobs made from them."""

    def __init__(self, params: Sections, inputs: Inputs) -> None:
        self.params, self.settings, self.inputs = params, params.ioi, inputs
        self.members = read_trained(inputs.train).dictionaries
        self.device = resolve_device(self.settings.device)
        self.dtype = resolve_dtype(self.settings.dtype, self.device)
        self.threads = self.settings.executor.threads
        of_plans = {plan.site: f"ioi.plans.{n}.site" for n, plan in self.settings.plans.items()}
        found = harvested(inputs.activate)
        self.hooks = {s: editable(found[s], of_plans[s]).hook for s in found if s in of_plans}
        self.sites = {site: site_files(inputs.train, inputs.activate / site) for site in of_plans}
        self.speaker = self._speaker()
        names = usable_names(read_words(self.settings.words), encoder_of(self.speaker.model))
        self.n_names = len(names)

    def prompts(self) -> Iterator[PromptsJob]:
        """Every draw and corruption that a plan asks for, once."""
        plans = self.settings.plans.values()
        for draw, plan in {(d, p.corruption): (d, p) for p in plans for d in p.draws}.values():
            yield PromptsJob(
                speaker=self.speaker,
                draw=draw,
                corruption=plan.corruption,
                n_pairs={
                    "select": self.settings.select_pairs,
                    "heldout": self.settings.heldout_pairs,
                },
                hooks=self.hooks,
                threads=self.threads,
            )

    def names(self) -> NamesJob:
        """The mean activation of each name."""
        return NamesJob(speaker=self.speaker, hooks=self.hooks, threads=self.threads)

    def localisations(
        self, drawn: Mapping[tuple[int, str], Path], names: Path
    ) -> Iterator[LocaliseJob]:
        """One job for each decomposition, draw and order, once where two plans ask for it.

        `drawn` has the result of each prompts' job, `names` the activations of each name.
        """
        seen = set()
        for job in self._planned(drawn, names):
            if job.key not in seen:
                seen.add(job.key)
                yield job

    def planted(self) -> Iterator[PlantedJob]:
        """The linear read-out of known causes: its own basis, and a rotation of it."""
        counts = {"counts": PLANTED_COUNTS, "edited": PLANTED_COUNTS[2]}
        choosing = self._choosing("attribution", 0).model_copy(update=counts)
        for draw, method in product(range(PLANTED_DRAWS), ("planted", "planted_rotated")):
            yield PlantedJob(method=method, draw=draw, choosing=choosing, threads=self.threads)

    def counts(self, jobs: list[LocaliseJob]) -> dict[str, int]:
        """Complete denominators."""
        return {
            "localisations": len(jobs),
            "dictionaries_trained": len({job.asked.sha256 for job in jobs if job.asked.file}),
            "names_single_token": self.n_names,
        }

    def made_with(self) -> dict[str, str]:
        """Words of the prompts, and the processor and arithmetic of the patching."""
        return {
            "words_sha256": self.speaker.words_sha256,
            "patched_with": describe(self.device, self.dtype, self.threads),
        }

    def _speaker(self) -> Speaker:
        folder = self.inputs.fetch / "model"
        record = read_record(folder, ModelRecord)
        return Speaker(
            model=model_files(folder, self.device, self.dtype),
            words=self.settings.words,
            words_sha256=sha256_of(file_of(self.settings.words)),
            bos=record.bos_token_id if self.params.tokenize.bos else None,
        )

    def _choosing(self, selection: str, order: int) -> Choosing:
        ours = self.settings
        return Choosing(
            selection=selection,
            order=order,
            steps=ours.steps,
            counts=ours.counts,
            levels=ours.levels,
            edited=ours.edited,
            trial_pairs=ours.trial_pairs,
            greedy_features=ours.greedy_features,
            greedy_candidates=ours.greedy_candidates,
            n_thresholds=ours.elimination.thresholds,
            smallest=ours.elimination.smallest,
            chunk=ours.elimination.chunk,
        )

    def _planned(self, drawn: Mapping[tuple[int, str], Path], names: Path) -> Iterator[LocaliseJob]:
        for plan in self.settings.plans.values():
            trained, draws = self._trained(plan), self.params.train.components.draws
            like, seeds = _middle(trained), sorted({one.seed for one in trained})
            several = [(one, seeds) for one in trained]
            for method in plan.baselines:
                of_method = draws_of(method, draws)
                several += [
                    (self._baseline(plan.site, method, like, names, seed), of_method)
                    for seed in of_method
                ]
            for asked, those in several:
                for draw, order in _runs(plan, asked, those):
                    wants_l0 = asked.method == "random_topk"
                    choosing = self._choosing(plan.selection, order)
                    yield self._job(plan, asked, like if wants_l0 else None, draw, choosing, drawn)
            ends = ENDS if plan.selection == "attribution" else ()
            for draw, end in product(plan.draws, ends):
                asked, none = untrained(self.sites[plan.site], end), self._choosing("none", 0)
                yield self._job(plan, asked, None, draw, none, drawn)

    def _trained(self, plan: Localisation) -> list[Asked]:
        return [
            asked_of(member, self.sites[plan.site], self.inputs.train)
            for group, chosen in plan.dictionaries.items()
            for member in self.members
            if member.group == group and (member.k or member.alpha) in chosen
        ]

    def _baseline(
        self, site: str, method: str, like: Asked | None, names: Path, seed: int
    ) -> Asked:
        """An untrained decomposition; an overcomplete one as wide as the trained ones beside it."""
        as_large = like.expansion_factor if like else 2.0
        overcomplete = {"random": as_large, "random_topk": as_large, "pca_signed": 2.0}
        r = overcomplete.get(method, 1.0)
        asked = untrained(self.sites[site], method, expansion_factor=r, seed=seed)
        return asked.model_copy(update={"names": names}) if method == "mean_difference" else asked

    def _job(
        self, plan: Localisation, asked: Asked, like: Asked | None, draw: int, choosing: Choosing,
        drawn: Mapping[tuple[int, str], Path],
    ) -> LocaliseJob:  # fmt: skip
        is_first = plan.selection == "attribution" and draw == plan.draws[0]
        wants_list = is_first and asked.file is not None and asked.alpha > 0
        return LocaliseJob(
            asked=asked,
            like=like,
            speaker=self.speaker,
            choosing=choosing,
            corruption=plan.corruption,
            draw=draw,
            hook=self.hooks[plan.site],
            prompts=drawn[draw, plan.corruption],
            batch=self.settings.batch,
            listed=self.settings.listed if wants_list else 0,
            tokens=self.inputs.tokenize,
            tokens_sha256=sha256_of(self.inputs.tokenize / "tokens.safetensors"),
            threads=self.threads,
        )


def _middle(trained: list[Asked]) -> Asked | None:
    """Of the penalised dictionaries the one in the middle, whose R and L0 baselines take."""
    sparse = sorted((a for a in trained if a.alpha > 0), key=lambda a: (a.alpha, a.seed))
    return sparse[len(sparse) // 2] if sparse else None


def _runs(plan: Localisation, asked: Asked, seeds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Draws and orders of one decomposition: all of them, or the diagonal of its seed."""
    for (i, draw), (j, order) in product(enumerate(plan.draws), enumerate(plan.orders)):
        is_met = j == i % len(plan.orders)
        is_met = is_met and seeds.index(asked.seed) == i % len(seeds)
        if plan.design == "full" or is_met:
            yield draw, order


STAGE = Stage(
    run,
    desc="Which features carry the name that the model repeats, beside every baseline.",
    tables=(IoiRow, PromptRow, CurveRow, LevelRow, EditRow, FeatureRow),
)
