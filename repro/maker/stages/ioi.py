"""ioi: which features carry the name that the model repeats, and is the trained set smaller?"""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from repro.contract.evidence import Scope, write_evidence
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
from repro.maker.activations.shards import read_manifest
from repro.maker.engine.device import describe, resolve_device, resolve_dtype
from repro.maker.engine.executor import map_items
from repro.maker.engine.provenance import versions
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.ioi.items import (
    RESULT,
    encoder,
    localise_item,
    names_item,
    planted_item,
    prompts_item,
)
from repro.maker.ioi.prompts import usable_names
from repro.maker.ioi.tables import KEY, prompt_rows, tables_of
from repro.maker.ioi.words import file_of, read_words
from repro.maker.params.activate import Activate
from repro.maker.params.ioi import Ioi, Localisation
from repro.maker.params.setting import Setting
from repro.maker.params.tokenize import Tokenize
from repro.maker.params.train import Train
from repro.maker.scope import scope_of
from repro.maker.source.records import ModelRecord, read_record
from repro.maker.stage import Stage, dumped
from repro.maker.stages.train import read_members, read_site

PLANTED_DRAWS, PLANTED_COUNTS = 20, [1, 2, 4, 8, 16, 32, 64]
"""Read-outs of known causes cost nothing, so there are enough to measure the control well."""
NO_ORDER = {"alpha": 0.0, "width": 1.0, "seed": 0, "order": 0}


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    tokenize: Tokenize
    activate: Activate
    train: Train
    ioi: Ioi


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    fetch: Path
    tokenize: Path
    activate: Path
    train: Path


def run(params: Sections, inputs: Inputs, out: Path) -> None:
    """Patch, choose and measure for every plan; write six tables of evidence."""
    how = params.ioi.executor
    bench = Bench(params, inputs)
    with scratch_folder(out.with_name("ioi"), "items") as scratch:
        asked = list(bench.prompts())
        prompts = map_items(prompts_item, asked, how, scratch, desc="prompts")
        names = map_items(names_item, [bench.names()], how, scratch, desc="mean of each name")[0]
        bench.made(
            {(i["draw"], i["family"]): path for i, path in zip(asked, prompts, strict=True)},
            names,
        )
        items = list(bench.localisations())
        found = map_items(localise_item, items, how, scratch, desc="localisation")
        known = list(bench.planted())
        truths = map_items(planted_item, known, how, scratch, desc="planted truth")
        results = [json.loads((path / RESULT).read_text("utf8")) for path in (*found, *truths)]
        tables: dict[str, list[Row]] = {
            "ioi_prompts": list(prompt_rows(asked, prompts)),
            **tables_of([*items, *known], results, params.ioi.carrying_share),
        }
        for name, rows in tables.items():
            write_evidence(
                scratch / "out",
                name,
                rows,
                counts=bench.counts(items),
                scope=bench.scope(),
                provenance=bench.provenance(),
            )
        put_files_in_place(scratch / "out", out)


class Bench:
    """The inputs of the stage and the lists of items made from them."""

    def __init__(self, params: Sections, inputs: Inputs) -> None:
        self.params, self.settings, self.inputs = params, params.ioi, inputs
        self.model = inputs.fetch / "model"
        self.record = read_record(self.model, ModelRecord)
        self.members = read_members(inputs.train)
        self.device = resolve_device(self.settings.device)
        self.dtype = resolve_dtype(self.settings.dtype, self.device)
        self.layers = {
            plan.site: params.activate.sites[plan.site] for plan in self.settings.plans.values()
        }
        self.names_kept = len(
            usable_names(read_words(self.settings.words), encoder(str(self.model)))
        )

    def prompts(self) -> Iterator[dict[str, Any]]:
        """Every draw and family that a plan asks for, once."""
        asked = {
            (draw, plan.family): None
            for plan in self.settings.plans.values()
            for draw in plan.draws
        }
        for draw, family in asked:
            yield {**self._model(), "draw": draw, "family": family, "sites": self.layers}

    def names(self) -> dict[str, Any]:
        """The mean activation of each name."""
        return {**self._model(), "sites": self.layers}

    def made(self, prompts: dict[tuple[int, str], Path], names: Path) -> None:
        """Take note of where prompts and means of names were put."""
        self._prompts, self._names = prompts, names

    def localisations(self) -> Iterator[dict[str, Any]]:
        """One item for each decomposition, draw and order, once where two plans ask for it."""
        seen = set()
        for item in self._planned():
            key = tuple(item[name] for name in KEY)
            if key not in seen:
                seen.add(key)
                yield item

    def _planned(self) -> Iterator[dict[str, Any]]:
        for plan in self.settings.plans.values():
            for member in self._trained(plan):
                yield from self._runs(plan, member)
            for baseline in self._baselines(plan):
                yield from self._runs(plan, baseline)
            ends = ("identity", "full_residual") if plan.selection == "attribution" else ()
            for draw, end in product(plan.draws, ends):
                fixed = {**NO_ORDER, "method": end, "file": "", "sha256": ""}
                yield self._item(plan, fixed, draw, 0) | {"selection": "none"}

    def planted(self) -> Iterator[dict[str, Any]]:
        """The linear read-out of known causes: its own basis, and a rotation of it."""
        for draw, method in product(range(PLANTED_DRAWS), ("planted", "planted_rotated")):
            yield {
                **NO_ORDER,
                **self._choosing(),
                "counts_at": PLANTED_COUNTS,
                "edited": PLANTED_COUNTS[2],
                "site": "planted",
                "method": method,
                "family": "io",
                "selection": "attribution",
                "draw": draw,
                "seed": draw,
                "listed": 0,
            }

    def scope(self) -> Scope:
        """What the evidence speaks of: the same run as the fidelity tables."""
        of = self.params
        return scope_of(of.setting, of.activate, of.train, *self.inputs[:3])

    def counts(self, items: list[dict[str, Any]]) -> dict[str, int]:
        """Complete denominators."""
        return {
            "localisations": len(items),
            "dictionaries_trained": len({item["sha256"] for item in items if item["file"]}),
            "names_single_token": self.names_kept,
        }

    def provenance(self) -> dict[str, Any]:
        """Params, inputs and versions; no clock time."""
        return {
            "profile": self.params.setting.profile,
            "params": dumped(self.params),
            "trained_sha256": sha256_of(self.inputs.train / "manifest.json"),
            "words_sha256": sha256_of(file_of(self.settings.words)),
            "versions": versions(),
            "patched_with": describe(self.device, self.dtype, self.settings.executor.threads),
        }

    def _model(self) -> dict[str, Any]:
        return {
            "model": str(self.model),
            "model_sha256": self.record.sha256,
            "words": self.settings.words,
            "words_sha256": sha256_of(file_of(self.settings.words)),
            "bos": self.record.bos_token_id if self.params.tokenize.bos else None,
            "counts": {
                "select": self.settings.select_pairs,
                "heldout": self.settings.heldout_pairs,
            },
            "device": str(self.device),
            "dtype": str(self.dtype).removeprefix("torch."),
            "threads": self.settings.executor.threads,
        }

    def _site(self, site: str) -> dict[str, Any]:
        store = self.inputs.activate / site
        return {
            "site": site,
            "store": str(store),
            **read_site(self.inputs.train, site),
            "d_in": read_manifest(store).dimension,
            "manifest": sha256_of(store / "manifest.json"),
            "threads": self.settings.executor.threads,
        }

    def _choosing(self) -> dict[str, Any]:
        ours = self.settings
        return {
            "steps": ours.steps,
            "counts_at": ours.counts,
            "levels": ours.levels,
            "edited": ours.edited,
            "trial_pairs": ours.trial_pairs,
            "greedy_features": ours.greedy_features,
            "greedy_candidates": ours.greedy_candidates,
            "n_thresholds": ours.elimination.thresholds,
            "smallest": ours.elimination.smallest,
            "chunk": ours.elimination.chunk,
            "batch": ours.batch,
            "threads": ours.executor.threads,
        }

    def _trained(self, plan: Localisation) -> Iterator[dict[str, Any]]:
        for group, chosen in plan.dictionaries.items():
            for member in self.members:
                if member["group"] == group and (member["k"] or member["alpha"]) in chosen:
                    kept = ("method", "alpha", "width", "seed", "sha256")
                    file = str(self.inputs.train / member["file"])
                    yield {**{name: member[name] for name in kept}, "file": file}

    def _baselines(self, plan: Localisation) -> Iterator[dict[str, Any]]:
        """Untrained decompositions; overcomplete ones as wide as the trained ones beside them."""
        sparse = sorted(
            (m for m in self._trained(plan) if m["alpha"] > 0),
            key=lambda m: (m["alpha"], m["seed"]),
        )
        like = sparse[len(sparse) // 2] if sparse else None
        wide = like["width"] if like else 2.0
        for method in plan.baselines:
            width = {"random": wide, "random_topk": wide, "pca_signed": 2.0}.get(method, 1.0)
            yield {
                **NO_ORDER,
                "method": method,
                "width": width,
                "file": "",
                "sha256": "",
                "like": like["file"] if like else "",
                "like_sha256": like["sha256"] if like else "",
            }

    def _runs(self, plan: Localisation, member: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Draws and orders of one decomposition: all of them, or the diagonal of its seed."""
        seeds = sorted({one["seed"] for one in self._trained(plan)})
        for (i, draw), (j, order) in product(enumerate(plan.draws), enumerate(plan.orders)):
            is_met = j == i % len(plan.orders)
            if member["file"]:
                is_met = is_met and seeds.index(member["seed"]) == i % len(seeds)
            if plan.design == "full" or is_met:
                yield self._item(plan, member, draw, order)

    def _item(
        self, plan: Localisation, member: dict[str, Any], draw: int, order: int
    ) -> dict[str, Any]:
        is_first = plan.selection == "attribution" and draw == plan.draws[0]
        wants_list = is_first and member["file"] and member["alpha"] > 0
        return {
            **self._model(),
            **self._site(plan.site),
            **self._choosing(),
            **member,
            "family": plan.family,
            "selection": plan.selection,
            "draw": draw,
            "order": order,
            "layer": self.layers[plan.site],
            "prompts": str(self._prompts[draw, plan.family]),
            "names": str(self._names),
            "listed": self.settings.listed if wants_list else 0,
            "tokens": str(self.inputs.tokenize),
            "tokens_sha256": sha256_of(self.inputs.tokenize / "tokens.safetensors"),
        }


STAGE = Stage(
    run,
    desc="Which features carry the name that the model repeats, beside every baseline.",
    tables=(IoiRow, PromptRow, CurveRow, LevelRow, EditRow, FeatureRow),
)
