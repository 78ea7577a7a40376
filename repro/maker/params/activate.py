"""The section `activate`: which activations are harvested, and how."""

from typing import Annotated, Literal

from pydantic import Field

from repro.maker.params.section import Count, Positive, Section


class Activate(Section):
    """Which activations are harvested, and how."""

    sites: Annotated[dict[Literal["early", "middle", "late"], int], Field(min_length=1)]
    """Role of each site and the block after which the residual stream is read (from 0)."""
    batch: Count
    """Sequences a forward pass."""
    dtype: Literal["auto", "bfloat16", "float32"]
    """Arithmetic of the forward pass; auto is bfloat16 where the processor has it."""
    train_tokens: dict[Literal["early", "middle", "late"], Count]
    """Training tokens that are harvested at a site; all of them at a site that is not named."""
    skip_positions: Annotated[int, Field(ge=0)]
    """First positions of each sequence that are left out at every site, whatever their norm."""
    sink_factor: Positive
    """Left out too: a token whose norm exceeds this many times the median norm of the others."""
    shard_tokens: Count
    """Rows a shard."""
    device: Literal["auto", "cpu", "cuda"]
    """Where the language model runs."""
    threads: Count
    """Processor threads; part of the result's identity on a CPU."""
