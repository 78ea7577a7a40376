"""The activation store: safetensors shards and a manifest a site, read in shuffled blocks.

<store>/<site>/manifest.json
<store>/<site>/train-00000.safetensors ...      x [n, d], document [n]
<store>/<site>/validation-00000.safetensors ... (none for planted sets)
<store>/<site>/heldout-00000.safetensors ...
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from repro.errors import ArtifactError
from repro.files import sha256_of, write_json, write_with
from repro.maker.activations.splits import Split
from repro.maker.activations.weights import NO_WEIGHTS, TRAINED
from repro.maker.engine.record import Record, read_json_record


class Shard(Record):
    """One file of a store."""

    file: str
    """Name in the site's folder."""
    rows: int
    """Activations in it."""
    sha256: str
    """SHA-256 of its bytes."""


class Manifest(Record):
    """What a site's folder holds; written last, it vouches for the shards."""

    site: str
    """Role of the site."""
    hook: str
    """Hook of the language model, or what was planted."""
    weights: str
    """Weights of the language model: trained, or which were re-initialised and from which seed;
    none for planted data."""
    dimension: int
    """Coordinates of an activation."""
    dtype: str
    """Stored number format."""
    train: list[Shard]
    """Training shards in order."""
    validation: list[Shard]
    """Validation shards in order; none for planted data."""
    heldout: list[Shard]
    """Held-out shards in order."""
    n_skipped: dict[str, int]
    """Tokens dropped for their position at the start of a sequence, by split."""
    skip_positions: int
    """How many first positions of a sequence those are; 0 for planted data."""
    n_sinks: dict[str, int]
    """Other tokens dropped as attention sinks, for their norm, by split."""
    sink_norm: float
    """Norm above which a token was dropped; 0 for planted data."""
    median_norm: float
    """Median norm from which that bound was made."""
    provenance: dict[str, Any]
    """Model, text, params, versions."""

    @property
    def is_trained(self) -> bool:
        """Whether these are activations of the language model as it was fetched."""
        return self.weights == TRAINED

    @property
    def place(self) -> str:
        """The hook, and of which version of the language model where it is an untrained one."""
        told = "" if self.weights in (TRAINED, NO_WEIGHTS) else f", {self.weights}"
        return f"{self.hook}{told}"

    def rows(self, split: Split) -> int:
        """Activations in a split."""
        return sum(shard.rows for shard in getattr(self, split))


@dataclass
class ShardWriter:
    """Collects activations of one split and writes full shards, at most one of them in memory."""

    folder: Path
    split: Split
    rows_per_shard: int
    shards: list[Shard] = field(default_factory=list)
    _x: list[Tensor] = field(default_factory=list)
    _document: list[Tensor] = field(default_factory=list)
    _pending: int = 0

    def add(self, x: Tensor, document: Tensor) -> None:
        """Append activations [n, d] with the document each came from [n]."""
        while len(x):
            room = self.rows_per_shard - self._pending
            self._x.append(x[:room])
            self._document.append(document[:room])
            self._pending += len(self._x[-1])
            x, document = x[room:], document[room:]
            if self._pending == self.rows_per_shard:
                self._flush()

    def close(self) -> list[Shard]:
        """Write what is left and return the shards."""
        if self._pending:
            self._flush()
        return self.shards

    def _flush(self) -> None:
        x, document = torch.cat(self._x), torch.cat(self._document)
        shard = write_shard(self.folder, self.split, len(self.shards), x, document)
        self.shards.append(shard)
        self._x, self._document, self._pending = [], [], 0


def write_shard(folder: Path, split: Split, number: int, x: Tensor, document: Tensor) -> Shard:
    """Write activations [n, d] and their documents [n] as one file."""
    target = folder / f"{split}-{number:05d}.safetensors"
    tensors = {"x": x.contiguous(), "document": document.to(torch.int32).contiguous()}
    write_with(target, lambda part: save_file(tensors, part))
    return Shard(file=target.name, rows=len(x), sha256=sha256_of(target))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a site's manifest, which makes its shards readable."""
    write_json(folder / "manifest.json", manifest.model_dump())


def read_manifest(folder: Path) -> Manifest:
    """Read a site's manifest.

    Raises:
        ArtifactError: missing or malformed.
    """
    return read_json_record(
        folder / "manifest.json",
        Manifest,
        what="manifest of an activation store",
        mend=_MEND,
    )


_MEND = "dvc repro activate plant"


def read_shard(folder: Path, shard: Shard) -> dict[str, Tensor]:
    """Read one shard whole and hold it against its hash.

    Raises:
        ArtifactError: missing, truncated or altered by as little as one bit.
    """
    path = folder / shard.file
    if not path.exists():
        raise ArtifactError(f"{path} is missing", expected="a shard of its manifest", mend=_MEND)
    if sha256_of(path) != shard.sha256:
        raise ArtifactError(
            f"{path} was truncated or altered ({path.stat().st_size} bytes)",
            expected=f"sha256 {shard.sha256[:12]}... as in its manifest",
            mend=_MEND,
        )
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ArtifactError(f"{path}: {error}", expected="safetensors", mend=_MEND) from None


def read_split(folder: Path, split: Split) -> tuple[Tensor, Tensor]:
    """All activations [n, d] of a split and their documents [n], in stored order."""
    shards = getattr(read_manifest(folder), split)
    parts = [read_shard(folder, shard) for shard in shards]
    return torch.cat([p["x"] for p in parts]), torch.cat([p["document"] for p in parts])


def batches(
    folder: Path, *, batch: int, seed: int, mixing_shards: int, skip: int = 0
) -> Iterator[Tensor]:
    """Training activations in a seeded random order, in batches [batch, d]; the rest is dropped.

    The order of shards is permuted, `mixing_shards` of them are held in memory together, and their
    rows are permuted across them: a full shuffle when the store has no more shards than that.
    `skip` leaves out that many first batches without changing the rest, which is how a run resumes.
    """
    manifest = read_manifest(folder)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0xDA7A]))
    order = rng.permutation(len(manifest.train))
    left_over = torch.empty(0, manifest.dimension)
    for start in range(0, len(order), mixing_shards):
        chosen = [manifest.train[i] for i in order[start : start + mixing_shards]]
        n_rows = sum(shard.rows for shard in chosen)
        permutation = torch.from_numpy(rng.permutation(n_rows))
        whole = (len(left_over) + n_rows) // batch
        mixed = torch.cat([read_shard(folder, shard)["x"] for shard in chosen])
        left_over = left_over.to(mixed.dtype)
        for index in range(whole):
            if skip:
                skip -= 1
                continue
            yield _take(left_over, mixed, permutation, index * batch, batch)
        rest = whole * batch
        left_over = _take(left_over, mixed, permutation, rest, len(left_over) + n_rows - rest)


def _take(head: Tensor, mixed: Tensor, permutation: Tensor, start: int, count: int) -> Tensor:
    """Rows start .. start + count of `head` followed by the permuted rows of `mixed`."""
    n_head = len(head)
    first = head[start : min(start + count, n_head)]
    picked = permutation[max(start - n_head, 0) : max(start + count - n_head, 0)]
    return torch.cat([first, mixed[picked]]) if len(first) else mixed[picked]
