"""Activations at several hook points in one forward pass a batch, without sinks, by shard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.shards import Shard, write_shard
from repro.maker.activations.splits import Split
from repro.maker.engine.record import Record

_TOKENS_FOR_MEDIAN = 4096


class Preview(NamedTuple):
    """What the first sequences tell of a site: its size, and above which norm a token is a sink."""

    d_in: int
    """Coordinates of an activation."""
    median_norm: float
    """Median norm over the first sequences of the training split, skipped positions left out."""
    sink_norm: float
    """The bound: `sink_factor` times that median."""


class HarvestedShard(Record):
    """One shard of one site."""

    shard: Shard
    """File, rows, hash."""
    n_skipped: int
    """Tokens left out of it for their position."""
    n_sinks: int
    """Other tokens left out of it as attention sinks."""


@dataclass(frozen=True)
class Harvester:
    """Reads the sites of a language model; `sites` maps a role to the name of its hook point."""

    model: LanguageModel
    sites: dict[str, str]
    batch: int
    skip_positions: int

    def streams(self, ids: np.ndarray, roles: Sequence[str]) -> Iterator[dict[str, Tensor]]:
        """Activations [batch * position, d_in] of some sites, batch by batch.

        The first positions of each sequence are left out: there an activation stands for no word
        but for the start of a sequence, in some blocks with a norm a hundred times the others', in
        others (early ones) with one so near to theirs that no bound on the norm would find it.
        """
        names = sorted({self.sites[role] for role in roles})
        for start in range(0, len(ids), self.batch):
            rows = torch.from_numpy(ids[start : start + self.batch])
            found = self.model.activations(rows, names)
            yield {
                role: found[self.sites[role]][:, self.skip_positions :].flatten(0, 1).cpu()
                for role in roles
            }

    def previews(self, ids: np.ndarray, sink_factor: float) -> dict[str, Preview]:
        """The sink bound of each site, from the first 4096 tokens or more of the training split.

        sink_norm = sink_factor * median over tokens of the Euclidean norm
        """
        first = ids[: -(-_TOKENS_FOR_MEDIAN // ids.shape[1])]
        parts: dict[str, list[Tensor]] = {role: [] for role in self.sites}
        for streams in self.streams(first, list(self.sites)):
            for role, stream in streams.items():
                parts[role].append(stream)
        found = {}
        for role, some in parts.items():
            median = float(torch.cat([_norm(stream) for stream in some]).median())
            found[role] = Preview(some[0].shape[-1], median, sink_factor * median)
        return found

    def write(
        self,
        folder: Path,
        split: Split,
        number: int,
        ids: np.ndarray,
        documents: np.ndarray,
        previews: dict[str, Preview],
        roles: Sequence[str],
    ) -> dict[str, HarvestedShard]:
        """Write shard `number` of some sites from these sequences, one shard a site in memory."""
        kept: dict[str, list[Tensor]] = {role: [] for role in roles}
        origin: dict[str, list[Tensor]] = {role: [] for role in roles}
        used = ids.shape[1] - self.skip_positions
        of_token = torch.from_numpy(np.repeat(documents, used)).split(self.batch * used)
        for streams, document in zip(self.streams(ids, roles), of_token, strict=True):
            for role, stream in streams.items():
                mask = _norm(stream) <= previews[role].sink_norm
                kept[role].append(stream[mask])
                origin[role].append(document[mask])
        parts = {}
        for role in roles:
            x = torch.cat(kept.pop(role))
            document = torch.cat(origin.pop(role))
            shard = write_shard(folder / role, split, number, x, document)
            parts[role] = HarvestedShard(
                shard=shard,
                n_skipped=len(ids) * self.skip_positions,
                n_sinks=len(ids) * used - len(x),
            )
        return parts


def _norm(stream: Tensor) -> Tensor:
    return stream.float().norm(dim=-1)
