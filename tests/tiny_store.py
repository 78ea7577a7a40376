"""An activation store with chosen rows."""

from pathlib import Path

import torch
from torch import Tensor

from repro.maker.activations.shards import Manifest, Shard, ShardWriter, write_manifest
from repro.maker.activations.splits import Split
from repro.maker.activations.weights import TRAINED


def write_store(
    folder: Path,
    train: Tensor,
    heldout: Tensor,
    rows_per_shard: int,
    pieces: int = 7,
    validation: Tensor | None = None,
) -> None:
    """The splits, handed to the writer in pieces; row i comes from document i // 10."""
    rows: dict[Split, Tensor] = {"train": train, "heldout": heldout}
    if validation is not None:
        rows["validation"] = validation
    shards: dict[Split, list[Shard]] = {"validation": []}
    for split, x in rows.items():
        writer = ShardWriter(folder, split, rows_per_shard)
        document = torch.arange(len(x)) // 10
        for part, its in zip(x.split(pieces), document.split(pieces), strict=True):
            writer.add(part, its)
        shards[split] = writer.close()
    write_manifest(
        folder,
        Manifest(
            site="early",
            hook="test",
            weights=TRAINED,
            dimension=train.shape[1],
            dtype="float32",
            **shards,
            n_skipped={},
            skip_positions=0,
            n_sinks={},
            sink_norm=0.0,
            median_norm=0.0,
            provenance={},
        ),
    )
