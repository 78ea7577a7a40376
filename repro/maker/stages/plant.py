"""plant: planted activations with known truth, in the same store as the harvested ones."""

from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from repro.errors import ArtifactError
from repro.files import write_with
from repro.maker.activations.shards import Manifest, ShardWriter, Split, write_manifest
from repro.maker.activations.weights import NO_WEIGHTS
from repro.maker.engine.scratch import put_in_place, scratch_folder
from repro.maker.params.plant import TOY, Plant
from repro.maker.planted import PLANTED_SETS, PlantedSite, blocks, planted
from repro.maker.stage import Nothing, Stage

TRUTH = "truth.safetensors"
"""File beside a set's shards: its true features, unit rows [n_features, d_in]."""
ROWS_PER_SHARD = 65_536


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    plant: Plant


def run(params: Sections, _: Nothing, out: Path) -> None:
    """Write the planted sets to `out`, each with its true features."""
    with scratch_folder(out, "sets") as scratch:
        for site in PLANTED_SETS:
            write_set(site, params.plant, scratch / "out" / site)
        put_in_place(scratch / "out", out)


def write_set(site: PlantedSite, plant: Plant, folder: Path) -> None:
    """Write one planted set; held-out vectors are dealt to documents in turn."""
    size, seed = (plant.toy, plant.toy.seed) if site in TOY else (plant, plant.seed)
    source = planted(
        site,
        dimension=size.dimension,
        active=size.active,
        seed=seed + PLANTED_SETS.index(site),
        n_features=plant.toy.features if site in TOY else None,
    )
    truth = {"features": source.features.contiguous()}
    write_with(folder / TRUTH, lambda part: save_file(truth, part))
    shards = {}
    for split, count in (("train", size.train_tokens), ("heldout", size.heldout_tokens)):
        writer = ShardWriter(folder, _split(split), ROWS_PER_SHARD)
        done = 0
        for x in blocks(source, count):
            writer.add(x, (torch.arange(len(x)) + done) % plant.documents)
            done += len(x)
        shards[split] = writer.close()
    write_manifest(
        folder,
        Manifest(
            site=site,
            hook=f"planted, {len(source.features)} true features in {size.dimension} dimensions",
            weights=NO_WEIGHTS,
            dimension=size.dimension,
            dtype="float32",
            train=shards["train"],
            heldout=shards["heldout"],
            validation=[],
            n_skipped={},
            skip_positions=0,
            n_sinks={},
            sink_norm=0.0,
            median_norm=0.0,
            provenance={"plant": plant.model_dump()},
        ),
    )


def read_truth(store: Path) -> torch.Tensor:
    """The true features of a planted set, unit rows [n_features, d_in].

    Raises:
        ArtifactError: missing or malformed.
    """
    path = store / TRUTH
    try:
        return load_file(path)["features"]
    except FileNotFoundError:
        fault = "is missing"
    except (SafetensorError, KeyError):
        fault = "holds no true features"
    raise ArtifactError(
        f"{path} {fault}", expected="the features that were planted", mend="dvc repro plant"
    )


def _split(name: str) -> Split:
    return "train" if name == "train" else "heldout"


STAGE = Stage(run, desc="Planted activations with known truth, for the controls.")
