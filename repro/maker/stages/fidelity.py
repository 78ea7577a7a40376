"""fidelity: how well each dictionary reconstructs, what its units do, what it costs the model."""

import json
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import torch

from repro.contract.evidence import Scope, write_evidence
from repro.contract.rows.fidelity import (
    AgreementRow,
    DictionaryKey,
    DictionaryRow,
    FidelityRow,
    RefitRow,
    SubstitutionRow,
)
from repro.contract.rows.row import Row
from repro.files import sha256_of
from repro.maker.activations.shards import Manifest, read_manifest
from repro.maker.engine.device import resolve_device, resolve_dtype
from repro.maker.engine.executor import Item, map_items
from repro.maker.engine.provenance import versions
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.fidelity.frontier import frontier_of, identity_of
from repro.maker.fidelity.measure import (
    RESULT,
    agree_item,
    chosen_sequences,
    measure_item,
    substitute_item,
)
from repro.maker.params.activate import Activate
from repro.maker.params.fidelity import Fidelity
from repro.maker.params.plant import TOY
from repro.maker.params.setting import Setting
from repro.maker.params.train import Train
from repro.maker.scope import scope_of
from repro.maker.stage import Stage, dumped
from repro.maker.stages.train import read_members, read_site

KEY = tuple(DictionaryKey.model_fields)


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    activate: Activate
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
    how = params.fidelity.executor
    bench = Bench(params, inputs)
    with scratch_folder(out, "items") as scratch:
        items = [*bench.trained(), *bench.controls(), *bench.baselines()]
        measured = map_items(measure_item, items, how, scratch, desc="reconstruction and units")
        pairs = list(bench.pairs(items, measured))
        agreed = map_items(agree_item, pairs, how, scratch, desc="agreement of seeds")
        swaps = list(bench.substitutions())
        swapped = map_items(substitute_item, swaps, how, scratch, desc="loss after replacement")
        measures = _measured_rows(items, measured)
        measures["fidelity"] += bench.reference()
        tables: dict[str, list[Row]] = {
            **measures,
            "agreement": _agreement_rows(pairs, agreed),
            "substitution": list(_substitution_rows(swaps, swapped, bench)),
        }
        for name, rows in tables.items():
            write_evidence(
                scratch / "out",
                name,
                rows,
                counts=bench.counts(),
                scope=bench.scope(),
                provenance=bench.provenance(),
            )
        put_files_in_place(scratch / "out", out)


class Bench:
    """What is on the bench: the inputs of the stage and the lists of items made from them."""

    def __init__(self, params: Sections, inputs: Inputs) -> None:
        self.params, self.inputs = params, inputs
        self.settings = params.fidelity
        self.members = [m for m in read_members(inputs.train) if m["site"] not in TOY]
        self.device = resolve_device(self.settings.device)
        self.dtype = resolve_dtype(params.activate.dtype, self.device)

    def site(self, site: str) -> dict[str, Any]:
        """What every item of a site shares: its activations, by content, and their transform."""
        store = (self.inputs.plant if site.startswith("planted_") else self.inputs.activate) / site
        manifest = read_manifest(store)
        return {
            "store": str(store),
            "manifest": sha256_of(store / "manifest.json"),
            "d_in": manifest.dimension,
            **read_site(self.inputs.train, site),
            "threads": self.settings.executor.threads,
        }

    def manifest(self, site: str) -> Manifest:
        """The manifest of a harvested site."""
        return read_manifest(self.inputs.activate / site)

    def trained(self) -> Iterator[dict[str, Any]]:
        """Every dictionary of the grid but the toy's; those on the language model are refitted."""
        for member in self.members:
            on_model = member["site"] in self.params.activate.sites
            wants_refit = on_model and member["method"] == "sae" and member["alpha"] > 0
            yield self._measure(member, refit=wants_refit, counts_units=on_model)

    def controls(self) -> Iterator[dict[str, Any]]:
        """Dictionaries with a known answer: dead units, copied units, random units."""
        for member in self._references():
            for method in ("sae_frozen_dead", "sae_duplicated"):
                yield self._measure({**member, "method": method}, counts_units=True)
            random = {**member, "method": "random", "alpha": 0.0}
            del random["file"]
            yield self._measure(random, counts_units=True)

    def baselines(self) -> Iterator[dict[str, Any]]:
        """PCA static and top-k, neurons top-k, random top-k, at each number of components."""
        for site in self.params.activate.sites:
            for k in self.settings.top_k:
                yield from (self._measure(b) for b in self._baselines_at(site, k))

    def pairs(self, items: list[dict[str, Any]], measured: list[Path]) -> Iterator[dict[str, Any]]:
        """Each pair of seeds of a setting, its null, and each dictionary with its permutation."""
        result_of = {
            (i["group"], i["alpha"], i["seed"]): str(result)
            for i, result in zip(items, measured, strict=True)
            if i["method"] == "sae" and i["site"] in self.params.activate.sites
        }
        for group, settings in self.params.train.groups.items():
            if settings.method != "sae" or settings.site not in self.params.activate.sites:
                continue
            for alpha in settings.alphas:
                shared = {
                    "site": settings.site,
                    "alpha": alpha,
                    "width": settings.width,
                    "match_cosine": self.settings.match_cosine,
                    "threads": self.settings.executor.threads,
                }
                seeds = [(s, result_of[group, alpha, s]) for s in settings.seeds]
                for (s, a), (t, b) in combinations(seeds, 2):
                    ends = {"seed_a": s, "seed_b": t, "a": a, "b": b, "null_seed": 1000 + s}
                    yield {**shared, **ends, "method": "sae"}
                    yield {**shared, **ends, "method": "random"}
                for s, a in seeds:
                    ends = {"seed_a": s, "seed_b": s, "a": a, "b": a, "null_seed": 2000 + s}
                    yield {**shared, **ends, "method": "permuted"}

    def substitutions(self) -> Iterator[dict[str, Any]]:
        """The chosen groups and baselines put into the language model, and the brackets."""
        chosen = [m for m in self.members if m["group"] in self.settings.substitution_groups]
        for site in sorted({m["site"] for m in chosen}):
            for method in ("clean", "identity", "zero", "mean"):
                yield self._substitute(self._plain(site, method))
            for member in chosen:
                if member["site"] == site:
                    yield self._substitute(self._of_file(member))
            for k in self.settings.substitution_top_k:
                for baseline in self._baselines_at(site, k):
                    yield self._substitute(baseline)

    def _references(self) -> list[dict[str, Any]]:
        """On each site of the model, one penalty in the middle of its longest grid, all seeds."""
        found = []
        for site in self.params.activate.sites:
            groups = [
                (name, group)
                for name, group in self.params.train.groups.items()
                if group.site == site and group.method == "sae" and max(group.alphas) > 0
            ]
            if not groups:
                continue
            name, group = max(groups, key=lambda pair: len(pair[1].alphas) * len(pair[1].seeds))
            positive = sorted(a for a in group.alphas if a > 0)
            alpha = positive[len(positive) // 2]
            found += [m for m in self.members if m["group"] == name and m["alpha"] == alpha]
        return found

    def _plain(self, site: str, method: str, k: int = 0, width: float = 1.0) -> dict[str, Any]:
        key = {"site": site, "method": method, "alpha": 0.0, "k": k, "width": width, "seed": 0}
        return {**self.site(site), **key, "group": ""}

    def _baselines_at(self, site: str, k: int) -> Iterator[dict[str, Any]]:
        if k <= self.manifest(site).dimension:
            yield self._plain(site, "pca_static", k, 1.0)
            yield self._plain(site, "pca_topk", k, 2.0)
            yield self._plain(site, "neurons_topk", k, 2.0)
            yield self._plain(site, "random_topk", k, 2.0)

    def _of_file(self, member: dict[str, Any]) -> dict[str, Any]:
        file = {"file": str(self.inputs.train / member["file"])} if "file" in member else {}
        return {**self.site(member["site"]), **member, **file}

    def _measure(
        self, what: dict[str, Any], *, refit: bool = False, counts_units: bool = False
    ) -> dict[str, Any]:
        item = self._of_file(what) if "store" not in what else what
        return {
            **item,
            "refit_tokens": self.settings.refit_tokens if refit else 0,
            "counts_units": counts_units,
            "alive_firings": self.settings.alive_firings,
            "dense_share": self.settings.dense_share,
            "frequent_share": self.settings.frequent_share,
            "effective_share": self.settings.effective_share,
            "duplicate_cosine": self.settings.duplicate_cosine,
            "null_seed": 3000 + item["seed"],
        }

    def _substitute(self, item: dict[str, Any]) -> dict[str, Any]:
        return {
            **item,
            "model": str(self.inputs.fetch / "model"),
            "tokens": str(self.inputs.tokenize),
            "tokens_sha256": sha256_of(self.inputs.tokenize / "tokens.safetensors"),
            "layer": self.params.activate.sites[item["site"]],
            "n_tokens": self.settings.substitution_tokens,
            "batch": self.settings.substitution_batch,
            "device": str(self.device),
            "dtype": str(self.dtype).removeprefix("torch."),
        }

    def reference(self) -> list[FidelityRow]:
        """The reference frontier at each site that has one."""
        found = []
        for site in self.params.activate.sites:
            wanted = identity_of(
                self.inputs.fetch, self.inputs.tokenize, self.inputs.activate / site
            )
            rows = frontier_of(self.inputs.frontier, wanted)
            found += [row.model_copy(update={"site": site}) for row in rows]
        if not found:
            sys.stderr.write(
                "no reference frontier belongs to this model, text and hook point, so claims on "
                "trained dictionaries cannot be told fair: make peers, then: make frontier\n"
            )
        return found

    def counts(self) -> dict[str, int]:
        """Denominators: dictionaries, held-out tokens, sinks left out, tokens replaced."""
        manifests = {site: self.manifest(site) for site in self.params.activate.sites}
        ids, _ = chosen_sequences(self.inputs.tokenize, self.settings.substitution_tokens)
        return {
            "dictionaries_trained": len(self.members),
            "tokens_substituted": ids.numel(),
            **{f"heldout_tokens_{s}": m.rows("heldout") for s, m in manifests.items()},
            **{f"positions_skipped_{s}": sum(m.n_skipped.values()) for s, m in manifests.items()},
            **{f"sinks_dropped_{s}": sum(m.n_sinks.values()) for s, m in manifests.items()},
        }

    def scope(self) -> Scope:
        """What the evidence speaks of."""
        return scope_of(*self.params[:3], *self.inputs[:3])

    def provenance(self) -> dict[str, Any]:
        """Params, hashes of the inputs and versions; no clock time."""
        return {
            "profile": self.params.setting.profile,
            "params": dumped(self.params),
            "trained_sha256": sha256_of(self.inputs.train / "manifest.json"),
            "tokens_sha256": sha256_of(self.inputs.tokenize / "tokens.safetensors"),
            "versions": versions(),
            "threads": self.settings.executor.threads,
        }


def _result(folder: Path) -> Any:
    return json.loads((folder / RESULT).read_text("utf8"))


def _key(item: Item) -> dict[str, Any]:
    return {name: item[name] for name in KEY}


def _measured_rows(items: list[dict[str, Any]], results: list[Path]) -> dict[str, list[Row]]:
    fidelity: list[Row] = []
    refits: list[Row] = []
    units: list[Row] = []
    for item, folder in zip(items, results, strict=True):
        key, result = _key(item), _result(folder)
        fidelity += [FidelityRow(**key, **row) for row in result["fidelity"]]
        refits += [RefitRow(**key, **row) for row in result.get("refit", [])]
        if "dictionary" in result:
            units.append(DictionaryRow(**key, **result["dictionary"]))
    return {"fidelity": fidelity, "refit": refits, "dictionaries": units}


def _agreement_rows(pairs: list[dict[str, Any]], results: list[Path]) -> list[Row]:
    names = ("site", "method", "alpha", "width", "seed_a", "seed_b")
    return [
        AgreementRow(**{name: pair[name] for name in names}, **_result(folder))
        for pair, folder in zip(pairs, results, strict=True)
    ]


def _substitution_rows(
    swaps: list[dict[str, Any]], results: list[Path], bench: Bench
) -> Iterator[Row]:
    """One row a document: the losses of its chosen sequences beside those of the brackets."""
    ids, document = chosen_sequences(bench.inputs.tokenize, bench.settings.substitution_tokens)
    losses = {}
    for swap, folder in zip(swaps, results, strict=True):
        losses[tuple(_key(swap).values())] = _by_document(_result(folder)["losses"], document)
    for key, replaced in losses.items():
        named = dict(zip(KEY, key, strict=True))
        brackets = {
            method: losses[(named["site"], method, 0.0, 0, 1.0, 0)]
            for method in ("clean", "zero", "mean")
        }
        for number, total in replaced.items() if named["method"] != "clean" else ():
            yield SubstitutionRow(
                **named,
                document=number,
                n_predictions=int((document == number).sum()) * (ids.shape[1] - 1),
                loss_clean=brackets["clean"][number],
                loss_replaced=total,
                loss_zero=brackets["zero"][number],
                loss_mean=brackets["mean"][number],
            )


def _by_document(losses: list[float], document: torch.Tensor) -> dict[int, float]:
    found: dict[int, float] = {}
    for number, loss in zip(document.tolist(), losses, strict=True):
        found[number] = found.get(number, 0.0) + loss
    return found


STAGE = Stage(
    run,
    desc="How well each dictionary reconstructs, what its units do, what it costs the model.",
    tables=(FidelityRow, RefitRow, DictionaryRow, AgreementRow, SubstitutionRow),
)
