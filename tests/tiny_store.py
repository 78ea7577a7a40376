"""An activation store with chosen rows."""

from pathlib import Path

import torch
from torch import Tensor

from repro.shards import Manifest, ShardWriter, Split, write_manifest


def write_store(
    folder: Path, train: Tensor, heldout: Tensor, rows_per_shard: int, pieces: int = 7
) -> None:
    """Both splits, handed to the writer in pieces; row i comes from document i // 10."""
    rows: dict[Split, Tensor] = {"train": train, "heldout": heldout}
    shards = {}
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
            dimension=train.shape[1],
            dtype="float32",
            train=shards["train"],
            heldout=shards["heldout"],
            n_sinks={"train": 0, "heldout": 0},
            sink_norm=0.0,
            median_norm=0.0,
            provenance={},
        ),
    )
