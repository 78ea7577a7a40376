"""Activations of several sites in one forward pass a batch, without attention sinks, by shard."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from repro.lm import LanguageModel
from repro.shards import Shard, Split, write_shard

_TOKENS_FOR_MEDIAN = 4096


class Bound(NamedTuple):
    """Above which norm a token of a site is an attention sink."""

    median_norm: float
    """Median norm over the first sequences of the training split."""
    sink_norm: float
    """The bound: `sink_factor` times that median."""


class Part(NamedTuple):
    """One shard of one site."""

    shard: Shard
    """File, rows, hash."""
    n_sinks: int
    """Tokens left out of it as attention sinks."""


@dataclass(frozen=True)
class Harvester:
    """Reads the sites of a language model; `sites` maps a role to a block."""

    model: LanguageModel
    sites: dict[str, int]
    batch: int

    def streams(self, ids: np.ndarray) -> Iterator[dict[str, Tensor]]:
        """Residual streams [batch * position, d_model] of every site, batch by batch."""
        layers = sorted(set(self.sites.values()))
        for start in range(0, len(ids), self.batch):
            rows = torch.from_numpy(ids[start : start + self.batch])
            found = self.model.residual(rows, layers)
            yield {role: found[layer].flatten(0, 1).cpu() for role, layer in self.sites.items()}

    def bounds(self, ids: np.ndarray, sink_factor: float) -> dict[str, Bound]:
        """The sink bound of each site, from the first 4096 tokens or more of the training split.

        sink_norm = sink_factor * median over tokens of the Euclidean norm
        """
        first = ids[: -(-_TOKENS_FOR_MEDIAN // ids.shape[1])]
        norms: dict[str, list[Tensor]] = {role: [] for role in self.sites}
        for streams in self.streams(first):
            for role, stream in streams.items():
                norms[role].append(_norm(stream))
        medians = {role: float(torch.cat(parts).median()) for role, parts in norms.items()}
        return {role: Bound(m, sink_factor * m) for role, m in medians.items()}

    def write(
        self,
        folder: Path,
        split: Split,
        number: int,
        ids: np.ndarray,
        documents: np.ndarray,
        bounds: dict[str, Bound],
    ) -> dict[str, Part]:
        """Write shard `number` of every site from these sequences, one shard a site in memory."""
        kept: dict[str, list[Tensor]] = {role: [] for role in self.sites}
        origin: dict[str, list[Tensor]] = {role: [] for role in self.sites}
        of_token = torch.from_numpy(np.repeat(documents, ids.shape[1])).split(
            self.batch * ids.shape[1]
        )
        for streams, document in zip(self.streams(ids), of_token, strict=True):
            for role, stream in streams.items():
                mask = _norm(stream) <= bounds[role].sink_norm
                kept[role].append(stream[mask])
                origin[role].append(document[mask])
        parts = {}
        for role in self.sites:
            x = torch.cat(kept.pop(role))
            document = torch.cat(origin.pop(role))
            shard = write_shard(folder / role, split, number, x, document)
            parts[role] = Part(shard, ids.size - len(x))
        return parts


def _norm(stream: Tensor) -> Tensor:
    return stream.float().norm(dim=-1)
