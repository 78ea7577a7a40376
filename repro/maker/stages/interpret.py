"""interpret: how interpretable the units of every decomposition are, scored automatically."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from repro.contract.evidence import Scope, write_evidence
from repro.contract.rows.interpret import (
    BudgetRow,
    InterpretRow,
    SampledRow,
    ScorerRow,
    UnitRow,
)
from repro.contract.rows.row import Row
from repro.files import sha256_of
from repro.maker.activations.harvested import harvested
from repro.maker.activations.loaded import model_files
from repro.maker.activations.tokens import read_tokens_manifest
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.trained import (
    Member,
    asked_of,
    read_trained,
    site_files,
    untrained,
)
from repro.maker.engine.device import resolve_device
from repro.maker.engine.executor import map_items
from repro.maker.engine.provenance import key_of, versions
from repro.maker.engine.result import read_result
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.hook_points import hook_point
from repro.maker.interpret.planted import MOST_MEANINGS
from repro.maker.interpret.prepared import ReadJob, TextJob, read_item, text_item
from repro.maker.interpret.results import Explained, Judged
from repro.maker.interpret.scorers import ENDS
from repro.maker.interpret.tables import (
    Dictionary,
    budget_rows,
    interpret_rows,
    sampled_rows,
    scorer_rows,
    unit_rows,
)
from repro.maker.interpret.text import Cut
from repro.maker.interpret.units import UnitsJob, units_item
from repro.maker.interpret.validity import JudgeJob, judge_item
from repro.maker.params.executor import Executor
from repro.maker.params.interpret import Interpret
from repro.maker.params.setting import Setting
from repro.maker.params.tokenize import Tokenize
from repro.maker.params.train import Train
from repro.maker.scope import scope_of
from repro.maker.source.records import ModelRecord, TextRecord, read_record
from repro.maker.stage import Stage, dumped


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    tokenize: Tokenize
    train: Train
    interpret: Interpret


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    fetch: Path
    tokenize: Path
    activate: Path
    train: Path


def run(params: Sections, inputs: Inputs, out: Path) -> None:
    """Judge the scorers on features of known meaning, then score every decomposition's units.

    Top-k baselines keep as many codes as the dictionary of the middle penalty has at their site,
    so trained ones are counted first.
    """
    how = params.interpret.executor
    with scratch_folder(out, "interpret-items") as scratch:
        bench = InterpretJobs(params, inputs, scratch)
        validity = list(bench.validity())
        told = map_items(judge_item, validity, how, scratch, desc="scorers, before they judge")
        asked = list(bench.trained())
        trained = map_items(units_item, asked, how, scratch, desc="trained dictionaries")
        others = list(bench.baselines(asked, trained))
        plain = map_items(units_item, others, how, scratch, desc="other decompositions")
        found = list(bench.dictionaries([*asked, *others], [*trained, *plain]))
        judged = {
            (job.scorer, job.n_meanings): read_result(folder, Judged)
            for job, folder in zip(validity, told, strict=True)
        }
        ours = params.interpret
        tables: dict[str, list[Row]] = {
            "interpret": [*interpret_rows(found, ENDS, ours.blocks, ours.seed)],
            "sampled": [*sampled_rows(found)],
            "units": [*unit_rows(found)],
            "budgets": [*budget_rows(found)],
            "scorers": [*scorer_rows(judged)],
        }
        about = {
            "counts": bench.counts(),
            "scope": bench.scope(),
            "provenance": bench.provenance(),
        }
        for name, rows in tables.items():
            write_evidence(scratch / "out", name, rows, **about)
        put_files_in_place(scratch / "out", out)


class InterpretJobs:
    """What is on the bench: the inputs of the stage and the lists of jobs made from them."""

    def __init__(self, params: Sections, inputs: Inputs, scratch: Path) -> None:
        self.params, self.inputs = params, inputs
        self.settings = params.interpret
        self.on_model = harvested(inputs.activate)
        chosen = self.settings.dictionaries
        members = read_trained(inputs.train).dictionaries
        self.members = [m for m in members if _knob(m) in chosen.get(m.group, ())]
        self.sites = {
            site: site_files(inputs.train, inputs.activate / site)
            for site in self.on_model
            if any(m.site == site for m in self.members)
        }
        alone = Executor(kind="inline", workers=1, threads=self.settings.executor.threads)
        self.text = map_items(text_item, [self._text()], alone, scratch, desc="text")[0]
        self.read = map_items(read_item, [self._read()], alone, scratch, desc="activations")[0]

    def validity(self) -> Iterator[JudgeJob]:
        """Every scorer on planted features of one to five meanings."""
        ours = self.settings
        for scorer in ours.scorers:
            for n_meanings in range(1, MOST_MEANINGS + 1):
                yield JudgeJob(
                    scorer=scorer,
                    n_meanings=n_meanings,
                    text=self.text,
                    planted=ours.planted,
                    excerpts=ours.excerpts,
                    rules=ours.rules,
                    threads=ours.executor.threads,
                )

    def trained(self) -> Iterator[UnitsJob]:
        """The chosen dictionaries; all seeds together have as many units as a method without."""
        for member in self.members:
            seeds = self.params.train.groups[member.group].seeds
            asked = asked_of(member, self.sites[member.site], self.inputs.train)
            yield self._job(asked, len(seeds))

    def baselines(self, jobs: Sequence[UnitsJob], results: Sequence[Path]) -> Iterator[UnitsJob]:
        """Decompositions that need no training, at each site."""
        for site, files in self.sites.items():
            k = _middle_l0(site, jobs, results)
            has_ica = site in self.params.train.ica.sites
            for method in self.settings.baselines:
                if has_ica or not method.startswith("ica"):
                    kept = k if method.endswith("topk") else 0
                    wide = 1.0 if method in ("pca", "ica") else 2.0
                    asked = untrained(files, method, k=kept, expansion_factor=wide)
                    yield self._job(asked, 1)

    def dictionaries(
        self, jobs: Sequence[UnitsJob], results: Sequence[Path]
    ) -> Iterator[Dictionary]:
        """What the items came to."""
        for job, folder in zip(jobs, results, strict=True):
            layer = hook_point(self.on_model[job.asked.of.site].hook).block
            yield Dictionary(job.asked.key, layer, read_result(folder, Explained))

    def counts(self) -> dict[str, int]:
        """Denominators: tokens and fragments of the text, dictionaries."""
        ours = self.settings
        return {
            "tokens_of_text": ours.tokens // ours.fragment * ours.fragment,
            "fragments": ours.tokens // ours.fragment,
            "dictionaries_trained": len(self.members),
            "planted_features": ours.planted.features * MOST_MEANINGS,
        }

    def scope(self) -> Scope:
        """What the evidence speaks of."""
        of, where = self.params, self.inputs
        return scope_of(of.setting, of.train, where.fetch, where.tokenize, where.activate)

    def provenance(self) -> dict[str, Any]:
        """Params, hashes of the inputs and versions; no clock time."""
        return {
            "profile": self.params.setting.profile,
            "params": dumped(self.params),
            "trained_sha256": sha256_of(self.inputs.train / "manifest.json"),
            "text": self.text.name,
            "versions": versions(),
            "threads": self.settings.executor.threads,
        }

    def _job(self, asked: Asked, n_seeds: int) -> UnitsJob:
        ours = self.settings
        return UnitsJob(
            asked=asked,
            text=self.text,
            read=self.read,
            n_drawn=-(-ours.features // n_seeds),
            alive_firings=ours.alive_firings,
            counted_tokens=ours.counted_tokens,
            effective_share=ours.effective_share,
            matched_density=ours.matched_density,
            excerpts=ours.excerpts,
            rules=ours.rules,
            scorers=list(ours.scorers),
            seed=ours.seed,
            threads=ours.executor.threads,
        )

    def _text(self) -> TextJob:
        ours, split = self.settings, self.params.tokenize
        fetched = self.inputs.fetch
        return TextJob(
            fetched=fetched,
            model_sha256=key_of(read_record(fetched / "model", ModelRecord).sha256),
            documents_sha256=read_record(fetched / "text", TextRecord).sha256,
            tokens=self.inputs.tokenize,
            tokens_sha256=read_tokens_manifest(self.inputs.tokenize).sha256,
            cut=Cut(
                count=ours.tokens // ours.fragment,
                fragment=ours.fragment,
                longest=split.max_document_tokens,
                balanced=split.balance_sources,
                blocks=ours.blocks,
                seed=ours.seed,
            ),
        )

    def _read(self) -> ReadJob:
        ours = self.settings
        manifests = {site: self.on_model[site] for site in self.sites}
        first = next(iter(manifests.values()))
        device = resolve_device(ours.device)
        bos = read_tokens_manifest(self.inputs.tokenize).bos_token_id
        return ReadJob(
            model=model_files(self.inputs.fetch / "model", device, getattr(torch, first.dtype)),
            text=self.text,
            before=[] if bos is None else [bos],
            skip_positions=first.skip_positions,
            hooks={site: manifest.hook for site, manifest in manifests.items()},
            sink_norm={site: manifest.sink_norm for site, manifest in manifests.items()},
            batch=ours.batch,
            threads=ours.executor.threads,
        )


def _knob(member: Member) -> float:
    """What makes its codes sparse."""
    return float(member.k) or member.alpha


def _middle_l0(site: str, jobs: Sequence[UnitsJob], results: Sequence[Path]) -> int:
    """Active units a token of the autoencoder of the middle penalty, mean over its seeds."""
    found: dict[float, list[float]] = {}
    for job, folder in zip(jobs, results, strict=True):
        if job.asked.of.site == site and job.asked.alpha > 0:
            counted = read_result(folder, Explained)
            found.setdefault(job.asked.alpha, []).append(counted.active / counted.n_tokens)
    alphas = sorted(found)
    middle = found[alphas[len(alphas) // 2]]
    return max(1, round(sum(middle) / len(middle)))


STAGE = Stage(
    run,
    desc="How interpretable the units of every decomposition are, scored automatically.",
    tables=(InterpretRow, SampledRow, UnitRow, BudgetRow, ScorerRow),
)
