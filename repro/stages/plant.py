"""plant: planted activations with known truth, in the same store as the harvested ones."""

from pathlib import Path

import torch

from repro.params import Params, Plant
from repro.planted import SITES, PlantedSite, blocks, planted
from repro.scratch import put_in_place, scratch_folder
from repro.shards import Manifest, ShardWriter, Split, write_manifest
from repro.stages.edge import stage

ROWS_PER_SHARD = 65_536


def run(params: Params, out: Path) -> None:
    """Write both planted sets to `out`."""
    with scratch_folder(out, "sets") as scratch:
        for site in SITES:
            write_set(site, params.plant, scratch / "out" / site)
        put_in_place(scratch / "out", out)


def write_set(site: PlantedSite, plant: Plant, folder: Path) -> None:
    """Write one planted set; held-out vectors are dealt to documents in turn."""
    source = planted(
        site, dimension=plant.dimension, active=plant.active, seed=plant.seed + SITES.index(site)
    )
    shards = {}
    for split, count in (("train", plant.train_tokens), ("heldout", plant.heldout_tokens)):
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
            hook=f"planted, {len(source.features)} true features in {plant.dimension} dimensions",
            dimension=plant.dimension,
            dtype="float32",
            train=shards["train"],
            heldout=shards["heldout"],
            n_sinks={"train": 0, "heldout": 0},
            sink_norm=0.0,
            median_norm=0.0,
            provenance={"plant": plant.model_dump()},
        ),
    )


def _split(name: str) -> Split:
    return "train" if name == "train" else "heldout"


main = stage(run)

if __name__ == "__main__":
    main()
