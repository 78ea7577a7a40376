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
from repro.maker.dictionaries.baselines import random_dictionary
from repro.maker.dictionaries.evaluate import reconstruct
from repro.maker.dictionaries.metrics import matched_cosines, nearest_cosines, spread_of
from repro.maker.dictionaries.model import Dictionary, Transform, load_dictionary
from repro.maker.engine.executor import Item, map_items
from repro.maker.engine.provenance import versions
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.params.plant import TOY, Plant
from repro.maker.params.setting import Setting
from repro.maker.params.toy import Toy
from repro.maker.params.train import Train
from repro.maker.stage import Stage, dumped
from repro.maker.stages.plant import TRUTH, read_truth
from repro.maker.stages.train import read_members

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
        items = list(_items(params.toy, inputs))
        results = map_items(recover_item, items, params.toy.executor, scratch, desc="recovery")
        found = [json.loads((path / RESULT).read_text("utf8")) for path in results]
        rows = list(_ranked(items, found, params.plant.toy.active))
        write_evidence(
            scratch / "out",
            "toy",
            rows,
            counts={"dictionaries_trained": sum(row.method == "sae" for row in rows)},
            scope=None,
            provenance=_provenance(params, inputs.train),
        )
        put_files_in_place(scratch / "out", out)


def recover_item(item: Item, folder: Path) -> None:
    """Work: one dictionary against the truth, and how it reconstructs held-out vectors."""
    store = Path(item["store"])
    truth = read_truth(store)
    dictionary, transform = _dictionary_of(item, truth)
    cosines = matched_cosines(truth, dictionary.decoder)
    x, document = read_split(store, "heldout")
    z = transform.forward(x.float())
    # One document: the toy asks about dictionaries, so seeds are its only clusters.
    sums = reconstruct(dictionary, z, torch.zeros_like(document).long(), spread_of(z)).sums
    write_json(
        folder / RESULT,
        {
            "n_true": len(truth),
            "n_learned": len(dictionary.decoder),
            "cosine": float(cosines.double().sum()),
            "n_recovered": int((cosines >= item["recovered_cosine"]).sum()),
            "nearest_cosine": float(nearest_cosines(truth, dictionary.decoder).double().sum()),
            "nearest_cosine_learned": float(
                nearest_cosines(dictionary.decoder, truth).double().sum()
            ),
            "n_tokens": len(z),
            "active": float(sums.active.sum()),
            "squared_error": float(sums.squared_error.sum()),
            "variance": float(sums.variance.sum()),
        },
    )


def _dictionary_of(item: Item, truth: torch.Tensor) -> tuple[Dictionary, Transform]:
    trained, transform, _ = load_dictionary(Path(item["file"]))
    match item["method"]:
        case "random":
            rows = random_dictionary(truth.shape[1], len(trained.decoder), seed=item["null_seed"])
        case "truth":
            generator = torch.Generator().manual_seed(item["null_seed"])
            rows = truth[torch.randperm(len(truth), generator=generator)]
        case _:
            return trained, transform
    return Dictionary(rows, torch.zeros(len(rows)), rows, "relu", 0), transform


def _items(settings: Toy, inputs: Inputs) -> Iterator[dict[str, Any]]:
    """The trained dictionaries, and for each regime, width and seed one of chance and the truth."""
    members = [member for member in read_members(inputs.train) if member["site"] in TOY]
    members.sort(key=_setting)
    for _, group in groupby(members, key=_setting):
        of_setting = [_item(member, settings, inputs) for member in group]
        yield from of_setting
        for number, method in enumerate(("random", "truth")):
            null_seed = 4000 + 1000 * number + of_setting[0]["seed"]
            yield {**of_setting[0], "method": method, "alpha": 0.0, "null_seed": null_seed}


def _setting(member: dict[str, Any]) -> tuple[str, float, int]:
    return member["site"], member["width"], member["seed"]


def _item(member: dict[str, Any], settings: Toy, inputs: Inputs) -> dict[str, Any]:
    store = inputs.plant / member["site"]
    read_manifest(store)
    read_truth(store)
    return {
        **{key: member[key] for key in ("site", "method", "alpha", "width", "seed", "sha256")},
        "file": str(inputs.train / member["file"]),
        "store": str(store),
        "truth_sha256": sha256_of(store / TRUTH),
        "manifest": sha256_of(store / "manifest.json"),
        "recovered_cosine": settings.recovered_cosine,
        "threads": settings.executor.threads,
    }


def _ranked(
    items: list[dict[str, Any]], results: list[dict[str, Any]], active: float
) -> Iterator[ToyRow]:
    """Rows, the penalties of one setting ranked by FVU on held-out vectors.

    The rank is how a penalty is chosen without a look at the truth: smallest FVU first.
    """
    fvu = [r["squared_error"] / r["variance"] for r in results]
    for item, result, own in zip(items, results, fvu, strict=True):
        rivals = [
            other
            for rival, other in zip(items, fvu, strict=True)
            if _setting(rival) == _setting(item) and rival["method"] == item["method"]
        ]
        yield ToyRow(
            **{key: item[key] for key in ("method", "alpha", "width", "seed")},
            **result,
            regime=item["site"].removeprefix("planted_"),
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
