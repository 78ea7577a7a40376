"""The section `activate`: which activations are harvested, and how."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from repro.maker.hook_points import EXPECTED, parsed
from repro.maker.params.section import Count, Positive, Role, Section, mismatch


class Activate(Section):
    """Which activations are harvested, and how."""

    hook_points: Annotated[dict[Role, str], Field(min_length=1)]
    """Role of each site and its hook point, by transformer-lens's name: the residual stream after a
    block (blocks.14.hook_resid_post) or an MLP's activations (blocks.14.mlp.hook_post). Claims
    speak of the roles early, middle, late, early_mlp, middle_mlp and late_mlp."""
    batch: Count
    """Sequences a forward pass."""
    dtype: Literal["auto", "bfloat16", "float32"]
    """Arithmetic of the forward pass; auto is bfloat16 where the processor has it."""
    train_tokens: dict[Role, Count]
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

    @model_validator(mode="after")
    def _names_are_hook_points(self) -> Self:
        for role, name in self.hook_points.items():
            if parsed(name) is None:
                raise mismatch(f"hook_points.{role}", f"{name!r} is no hook point", EXPECTED)
            if role.startswith("planted"):
                found = "planted sets have such names"
                raise mismatch(f"hook_points.{role}", found, "another role, such as middle_mlp")
        return self
