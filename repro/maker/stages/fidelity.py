"""fidelity: how well each dictionary reconstructs, what its units do, what it costs the model."""

import sys
from collections.abc import Iterator
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import NamedTuple, TypeGuard

import torch

from repro.contract.rows.fidelity import (
    AgreementRow,
    DictionaryRow,
    FidelityRow,
    RefitRow,
    SplicedRow,
)
from repro.contract.rows.row import Row
from repro.files import sha256_of
from repro.maker.about import about, write_tables
from repro.maker.activations.harvested import editable, harvested
from repro.maker.activations.loaded import model_files
from repro.maker.activations.sample import chosen_sequences
from repro.maker.decompositions.asked import Asked, SiteFiles
from repro.maker.decompositions.draws import draws_of
from repro.maker.decompositions.trained import (
    PAPERS,
    Member,
    asked_of,
    read_trained,
    site_files,
    untrained,
)
from repro.maker.engine.device import resolve_device
from repro.maker.engine.executor import crew
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.fidelity.frontier import frontier_of, identity_of
from repro.maker.fidelity.measure import (
    BRACKETS,
    AgreeJob,
    MeasureJob,
    Prompting,
    SpliceJob,
    agree_item,
    measure_item,
    splice_item,
)
from repro.maker.fidelity.tables import agreement_rows, measured_rows, spliced_rows
from repro.maker.params.fidelity import Fidelity
from repro.maker.params.plant import PLANTED, TOY
from repro.maker.params.setting import Setting
from repro.maker.params.train import Group, Penalised, Train
from repro.maker.stage import Stage

BASELINES = {"pca_static": 1.0, "pca_topk": 2.0, "neurons_topk": 2.0, "random_topk": 2.0}
"""Decompositions that need no training, and their size over the dimension."""
PAIRED = ("site", "method", "alpha", "expansion_factor", "seed_a", "seed_b")
"""What names a pair of seeds in the table."""


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    train: Train
    fidelity: Fidelity


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names, and the committed frontiers."""

    fetch: Path
    tokenize: Path
    activate: Path
    plant: Path
    train: Path
    frontier: Path


def run(params: Sections, inputs: Inputs, out: Path) -> None:
    """Measure every trained dictionary and every baseline; write five tables of evidence.

    To the rows of the first come those of the reference frontier that belongs to the same model,
    text and hook point, if `frontier` holds one: what the field's own trainer reaches.
    """
    bench, how = FidelityJobs(params, inputs), params.fidelity.executor
    with scratch_folder(out, "items") as scratch, crew(how, scratch) as workers:
        jobs = [*bench.trained(), *bench.controls(), *bench.baselines()]
        measured = workers.map(measure_item, jobs, desc="reconstruction and units")
        pairs = list(bench.pairs(jobs, measured))
        agreed = workers.map(agree_item, pairs, desc="agreement of seeds")
        splices = list(bench.splices())
        spliced = workers.map(splice_item, splices, desc="loss after replacement")
        measures = measured_rows(measured)
        measures["fidelity"] += bench.reference()
        tables: dict[str, list[Row]] = {
            **measures,
            "agreement": agreement_rows(agreed),
            "spliced": list(spliced_rows(splices, spliced, *bench.sequences())),
        }
        told = about(params, inputs, bench.counts(), threads=how.threads)
        write_tables(scratch / "out", tables, told)
        put_files_in_place(scratch / "out", out)


class FidelityJobs:
    """What is on the bench: the inputs of the stage and the lists of jobs made from them."""

    def __init__(self, params: Sections, inputs: Inputs) -> None:
        self.params, self.inputs = params, inputs
        self.settings = params.fidelity
        self.members = [m for m in read_trained(inputs.train).dictionaries if m.site not in TOY]
        self.device = resolve_device(self.settings.device)
        self.sites = {site: self._files(site) for site in {m.site for m in self.members}}
        self.on_model = harvested(inputs.activate)

    def trained(self) -> Iterator[MeasureJob]:
        """Every dictionary of the grid but the toy's; those on the language model are refitted."""
        for member in self.members:
            on_model = member.site in self.on_model
            wants_refit = on_model and member.method in PAPERS and member.alpha > 0
            asked = self._trained(member)
            yield self._measure(asked, member.group, refit=wants_refit, counts_units=on_model)

    def controls(self) -> Iterator[MeasureJob]:
        """Dictionaries with a known answer: dead units, copied units, random units."""
        for member in self._references():
            asked = self._trained(member)
            chance = {"method": "random", "alpha": 0.0, "file": None, "sha256": ""}
            for change in ({"method": "sae_frozen_dead"}, {"method": "sae_duplicated"}, chance):
                changed = asked.model_copy(update=change)
                yield self._measure(changed, member.group, counts_units=True)

    def baselines(self) -> Iterator[MeasureJob]:
        """PCA static and top-k, neurons top-k, random top-k, at each number of components."""
        for site in self.on_model:
            for k in self.settings.top_k:
                yield from (self._measure(asked) for asked in self._baselines_at(site, k))

    def pairs(self, jobs: list[MeasureJob], measured: list[Path]) -> Iterator[AgreeJob]:
        """Each pair of seeds of a setting, its null, and each dictionary with its permutation.

        Nulls and permutations once where two autoencoders of a site have the same setting.
        """
        seen = set()
        for pair in self._paired(jobs, measured):
            key = tuple(getattr(pair, name) for name in PAIRED)
            if key not in seen:
                seen.add(key)
                yield pair

    def _paired(self, jobs: list[MeasureJob], measured: list[Path]) -> Iterator[AgreeJob]:
        result_of = {
            (job.group, job.asked.alpha, job.asked.seed): result
            for job, result in zip(jobs, measured, strict=True)
            if job.asked.method in PAPERS and job.asked.of.site in self.on_model
        }
        for name, group in self.params.train.groups.items():
            if not _is_papers(group) or group.site not in self.on_model:
                continue
            for alpha in group.alphas:
                seeds = {seed: result_of[name, alpha, seed] for seed in group.seeds}
                agree = partial(self._agree, group, alpha, seeds)
                for a, b in combinations(seeds, 2):
                    yield agree(group.method, a, b, 1000 + a)
                    yield agree("random", a, b, 1000 + a)
                for a in seeds:
                    yield agree("permuted", a, a, 2000 + a)

    def splices(self) -> Iterator[SpliceJob]:
        """The chosen groups and baselines put into the language model, and the brackets."""
        chosen = [m for m in self.members if m.group in self.settings.spliced_groups]
        for site in sorted({member.site for member in chosen}):
            asked = [untrained(self.sites[site], bracket) for bracket in BRACKETS]
            asked += [self._trained(member) for member in chosen if member.site == site]
            for k in self.settings.spliced_top_k:
                asked += self._baselines_at(site, k)
            yield from map(self._splice, asked)

    def reference(self) -> list[FidelityRow]:
        """The reference frontier at each site that has one."""
        found = []
        for site in self.on_model:
            store = self.inputs.activate / site
            wanted = identity_of(self.inputs.fetch, self.inputs.tokenize, store)
            rows = frontier_of(self.inputs.frontier, wanted)
            found += [row.model_copy(update={"site": site}) for row in rows]
        if not found:
            sys.stderr.write(
                "no reference frontier belongs to this model, text and hook point, so claims on "
                "trained dictionaries cannot be told fair: make peers, then: make frontier\n"
            )
        return found

    def sequences(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The held-out sequences on which activations are replaced, and the document of each."""
        return chosen_sequences(self.inputs.tokenize, self.settings.spliced_tokens)

    def counts(self) -> dict[str, int]:
        """Denominators: dictionaries, held-out tokens, sinks left out, tokens replaced."""
        manifests = self.on_model
        ids, _ = self.sequences()
        return {
            "dictionaries_trained": len(self.members),
            "tokens_spliced": ids.numel(),
            **{f"heldout_tokens_{s}": m.rows("heldout") for s, m in manifests.items()},
            **{f"positions_skipped_{s}": sum(m.n_skipped.values()) for s, m in manifests.items()},
            **{f"sinks_dropped_{s}": sum(m.n_sinks.values()) for s, m in manifests.items()},
        }

    def _files(self, site: str) -> SiteFiles:
        made = self.inputs.plant if site in PLANTED else self.inputs.activate
        return site_files(self.inputs.train, made / site)

    def _references(self) -> list[Member]:
        """On each site of the model, one penalty in the middle of its longest grid, all seeds."""
        found = []
        for site in self.on_model:
            groups = [
                (name, group)
                for name, group in self.params.train.groups.items()
                if group.site == site and _is_papers(group) and max(group.alphas) > 0
            ]
            if not groups:
                continue
            name, group = max(groups, key=lambda pair: len(pair[1].alphas) * len(pair[1].seeds))
            positive = sorted(a for a in group.alphas if a > 0)
            alpha = positive[len(positive) // 2]
            found += [m for m in self.members if m.group == name and m.alpha == alpha]
        return found

    def _trained(self, member: Member) -> Asked:
        return asked_of(member, self.sites[member.site], self.inputs.train)

    def _baselines_at(self, site: str, k: int) -> Iterator[Asked]:
        if k > self.sites[site].d_in:
            return
        for method, wide in BASELINES.items():
            for seed in draws_of(method, self.params.train.components.draws):
                yield untrained(self.sites[site], method, k=k, expansion_factor=wide, seed=seed)

    def _measure(
        self, asked: Asked, group: str = "", *, refit: bool = False, counts_units: bool = False
    ) -> MeasureJob:
        ours = self.settings
        return MeasureJob(
            asked=asked,
            group=group,
            refit_tokens=ours.refit_tokens if refit else 0,
            counts_units=counts_units,
            alive_firings=ours.alive_firings,
            dense_share=ours.dense_share,
            frequent_share=ours.frequent_share,
            effective_share=ours.effective_share,
            duplicate_cosine=ours.duplicate_cosine,
            null_seed=3000 + asked.seed,
            threads=ours.executor.threads,
        )

    def _agree(
        self, group: Group, alpha: float, seeds: dict[int, Path], method: str, a: int, b: int,
        null_seed: int,
    ) -> AgreeJob:  # fmt: skip
        return AgreeJob(
            site=group.site,
            method=method,
            alpha=alpha,
            expansion_factor=group.expansion_factor,
            seed_a=a,
            seed_b=b,
            a=seeds[a],
            b=seeds[b],
            match_cosine=self.settings.match_cosine,
            null_seed=null_seed,
            threads=self.settings.executor.threads,
        )

    def _splice(self, asked: Asked) -> SpliceJob:
        harvest = editable(self.on_model[asked.of.site], "fidelity.spliced_groups")
        dtype = getattr(torch, harvest.dtype)
        on = Prompting(
            model=model_files(self.inputs.fetch / "model", self.device, dtype),
            tokens=self.inputs.tokenize,
            tokens_sha256=sha256_of(self.inputs.tokenize / "tokens.safetensors"),
            hook=harvest.hook,
            n_tokens=self.settings.spliced_tokens,
        )
        threads = self.settings.executor.threads
        return SpliceJob(asked=asked, on=on, batch=self.settings.spliced_batch, threads=threads)


def _is_papers(group: Group) -> TypeGuard[Penalised]:
    return group.method in PAPERS


STAGE = Stage(
    run,
    desc="How well each dictionary reconstructs, what its units do, what it costs the model.",
    tables=(FidelityRow, RefitRow, DictionaryRow, AgreementRow, SplicedRow),
)
