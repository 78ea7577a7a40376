"""Mean and mean squared norm of a site's training activations, and the transform made of them."""

import json
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from repro.files import write_with
from repro.maker.activations.shards import read_manifest, read_shard
from repro.maker.dictionaries.model import Transform


def moments(store: Path) -> tuple[Float[Tensor, " d_in"], float]:
    """Mean and E|x|^2 of the training split, one shard in memory at a time.

    Reduction: over all training activations, summed in float64.
    """
    manifest = read_manifest(store)
    total, squares = torch.zeros(manifest.dimension, dtype=torch.float64), 0.0
    for shard in manifest.train:
        for x in read_shard(store, shard)["x"].split(8192):
            total += x.double().sum(dim=0)
            squares += float(x.double().square().sum())
    count = manifest.rows("train")
    return (total / count).float(), squares / count


def save_transform(path: Path, transform: Transform) -> None:
    """Write a transform as safetensors."""
    metadata = {"scale": json.dumps(transform.scale)}
    write_with(path, lambda part: save_file({"mean": transform.mean}, part, metadata=metadata))


def load_transform(path: Path) -> Transform:
    """Read what `save_transform` wrote."""
    with safe_open(path, framework="pt") as file:
        return Transform(file.get_tensor("mean"), json.loads(file.metadata()["scale"]))
