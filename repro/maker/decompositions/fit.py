"""PCA and ICA of a site, from draws of its training documents: every stage compares with these.

The number of a draw is the seed of what is fitted on it, so that rivals of a dictionary vary as the
dictionary does.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor

from repro.errors import ArtifactError
from repro.files import write_with
from repro.maker.activations.shards import read_manifest, read_shard
from repro.maker.decompositions.components import independent_components, principal_components
from repro.maker.dictionaries.model import Transform
from repro.maker.dictionaries.moments import load_transform
from repro.maker.engine.job import Job

COMPONENTS = "components-{}.safetensors"
"""File of what was fitted on a draw."""


class Components(NamedTuple):
    """Decompositions of a site that need no gradient."""

    pca: Float[Tensor, "d_in d_in"]
    """Principal directions, unit rows by falling variance."""
    ica_read: Float[Tensor, "d_in d_in"] | None
    """Rows that read the independent components; none where none are fitted."""
    ica_write: Float[Tensor, "d_in d_in"] | None
    """Rows that write them."""


class ComponentsJob(Job):
    """Principal and independent components of a site, from one draw."""

    store: Path
    """Folder of its activations."""
    manifest: str
    """SHA-256 of their manifest."""
    transform: Path
    """Its centring and scaling; the folder is named for what they were made of."""
    draw: int
    """Number of the draw."""
    share: float
    """Share of the training documents in it."""
    ica_rows: int
    """Activations of the draw on which ICA is fitted; 0 for no ICA."""
    ica_iterations: int
    """Iterations at most."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


def decompose_item(job: ComponentsJob, folder: Path) -> None:
    """Work: PCA on all activations of the draw; ICA on `ica_rows` of them at even steps.

    ICA holds four copies of its rows in memory, in double precision: all of them would not fit into
    a laptop's. The paper too fits it on less (footnote 4).
    """
    x = drawn_rows(job.store, load_transform(job.transform), job.share, job.draw)
    tensors = {"pca": principal_components(x)}
    if job.ica_rows:
        few = x[:: max(1, len(x) // job.ica_rows)][: job.ica_rows]
        ica = independent_components(few, job.ica_iterations, seed=job.draw)
        tensors |= {"ica_read": ica.W_enc, "ica_write": ica.W_dec}
    write_with(folder / COMPONENTS.format(job.draw), lambda part: save_file(tensors, part))


def drawn_rows(
    store: Path, transform: Transform, share: float, draw: int
) -> Float[Tensor, "batch d_in"]:
    """Training activations of a site from a random share of its documents, transformed.

    Whole documents, as tokens of one are alike: half of the tokens of every document would hardly
    differ from the other half.
    """
    parts = []
    for shard in read_manifest(store).train:
        found = read_shard(store, shard)
        document = found["document"]
        chance = np.random.default_rng([0xC0, draw]).random(int(document.max()) + 1)
        is_in = torch.from_numpy(chance < share)[document.long()]
        parts.append((found["x"][is_in].float() - transform.mean) * transform.scale)
    return torch.cat(parts)


def training_rows(
    store: Path, transform: Transform, count: int | None = None
) -> Float[Tensor, "batch d_in"]:
    """All training activations of a site, or at most `count` at even steps, transformed.

    One array, filled shard by shard: with all rows it is by far the largest thing in memory.
    """
    manifest = read_manifest(store)
    step = max(1, manifest.rows("train") // count) if count else 1
    sizes = [-(-shard.rows // step) for shard in manifest.train]
    rows = torch.empty(sum(sizes), manifest.dimension)
    for shard, part in zip(manifest.train, rows.split(sizes), strict=True):
        part.copy_(read_shard(store, shard)["x"][::step])
        part.sub_(transform.mean).mul_(transform.scale)
    return rows[:count]


def components_among(names: Iterable[str]) -> dict[int, str]:
    """Of a site's files those that hold components, by draw."""
    found = (re.fullmatch(r"components-(\d+)\.safetensors", name) for name in names)
    return {int(one[1]): one[0] for one in found if one}


def read_components(file: Path) -> Components:
    """Read what `decompose_item` wrote.

    Raises:
        ArtifactError: missing.
    """
    try:
        found = load_file(file)
    except FileNotFoundError:
        raise ArtifactError(
            f"{file} is missing", expected="principal components of a site", mend="dvc repro train"
        ) from None
    return Components(found["pca"], found.get("ica_read"), found.get("ica_write"))
