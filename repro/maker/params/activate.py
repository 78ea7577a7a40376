"""The section `activate`: which activations are harvested, and how."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from repro.maker.hook_points import EXPECTED, parsed
from repro.maker.params.section import Count, Positive, Role, Section, mismatch, one_of


class Untrained(Section):
    """A site in a version of the language model that no text has trained."""

    of: Role
    """Role of hook_points whose hook point is read there."""
    weights: Literal["all", "blocks"]
    """Weights that are drawn anew, as the architecture's own initialisation draws them: all, or all
    but the token embeddings (and an unembedding that is tied to them)."""
    seed: Annotated[int, Field(ge=0)]
    """Seed of the draw; sites with the same weights and seed are of one model."""


class Activate(Section):
    """Which activations are harvested, and how."""

    hook_points: Annotated[dict[Role, str], Field(min_length=1)]
    """Role of each site and its hook point, by transformer-lens's name: the residual stream after a
    block (blocks.14.hook_resid_post) or an MLP's activations (blocks.14.mlp.hook_post). Claims
    speak of the roles early, middle, late, early_mlp, middle_mlp and late_mlp."""
    untrained: dict[Role, Untrained]
    """Sites of their own on the same text in untrained versions of the language model, by role: a
    control for what training adds (Heap et al. 2025). {} for none. Claims speak of the roles
    early_reinitialised and middle_reinitialised (all), early_step0 and middle_step0 (blocks)."""
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

    @property
    def sites(self) -> dict[str, str]:
        """Role of each site and its hook point: of the trained model, then of untrained ones."""
        untrained = {role: self.hook_points[one.of] for role, one in self.untrained.items()}
        return self.hook_points | untrained

    def key_of(self, site: str) -> str:
        """The key of the params file that asks for a site."""
        return f"activate.{'untrained' if site in self.untrained else 'hook_points'}.{site}"

    @model_validator(mode="after")
    def _names_are_hook_points(self) -> Self:
        for role, name in self.hook_points.items():
            if parsed(name) is None:
                raise mismatch(f"hook_points.{role}", f"{name!r} is no hook point", EXPECTED)
            if role.startswith("planted"):
                found = "planted sets have such names"
                raise mismatch(f"hook_points.{role}", found, "another role, such as middle_mlp")
        return self

    @model_validator(mode="after")
    def _untrained_sites_are_others(self) -> Self:
        for role, one in self.untrained.items():
            key, another = f"untrained.{role}", "another role, such as early_reinitialised"
            if role in self.hook_points:
                raise mismatch(key, "a site of hook_points has this name", another)
            if role.startswith("planted"):
                raise mismatch(key, "planted sets have such names", another)
            if one.of not in self.hook_points:
                found = f"no hook point is named {one.of!r}"
                raise mismatch(f"{key}.of", found, one_of(self.hook_points))
        return self
