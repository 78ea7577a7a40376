"""One PCA and one ICA a site, from its training activations: every stage compares with these."""

from pathlib import Path
from typing import NamedTuple

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

COMPONENTS = "components.safetensors"


class Components(NamedTuple):
    """Decompositions of a site that need no gradient."""

    pca: Float[Tensor, "d_in d_in"]
    """Principal directions, unit rows by falling variance."""
    ica_read: Float[Tensor, "d_in d_in"] | None
    """Rows that read the independent components; none where none are fitted."""
    ica_write: Float[Tensor, "d_in d_in"] | None
    """Rows that write them."""


class ComponentsJob(Job):
    """Principal and independent components of a site."""

    store: Path
    """Folder of its activations."""
    manifest: str
    """SHA-256 of their manifest."""
    transform: Path
    """Its centring and scaling; the folder is named for what they were made of."""
    ica_rows: int
    """Training activations on which ICA is fitted; 0 for no ICA."""
    ica_iterations: int
    """Iterations at most."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


def decompose_item(job: ComponentsJob, folder: Path) -> None:
    """Work: PCA on all training activations of a site; ICA on `ica_rows` of them at even steps.

    ICA holds four copies of its rows in memory, in double precision: all of them would not fit into
    a laptop's. The paper too fits it on less (footnote 4).
    """
    x = training_rows(job.store, load_transform(job.transform))
    tensors = {"pca": principal_components(x)}
    if job.ica_rows:
        few = x[:: max(1, len(x) // job.ica_rows)][: job.ica_rows]
        ica = independent_components(few, job.ica_iterations, seed=0)
        tensors |= {"ica_read": ica.W_enc, "ica_write": ica.W_dec}
    write_with(folder / COMPONENTS, lambda part: save_file(tensors, part))


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
