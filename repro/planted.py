"""Activations with known truth: the controls that the fidelity claims must behave on.

Superposition data in the manner of Sharkey et al. (2022): x = sum_i c_i g_i with fixed unit
vectors g_i. Two sets, each with a known answer:

- `planted_width`: as many true features as dimensions, active at random. A dictionary needs width
  1 and gains nothing from more, so a check that still sees gains from width 4 is wrong.
- `planted_knee`: exactly `active` orthogonal features at a time. Below that L0 every feature taken
  away costs variance, above it there is nothing left to explain, so the curve of FVU against L0
  has a knee there, and a check that calls it smooth is wrong.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from repro.sae.model import unit_rows

PlantedSite = Literal["planted_width", "planted_knee"]
SITES: tuple[PlantedSite, ...] = ("planted_width", "planted_knee")


class Planted(NamedTuple):
    """A generator of planted activations."""

    features: Float[Tensor, "n_features d_in"]
    """The true unit features."""
    active: int
    """Features active at once: exactly (knee) or on average (width)."""
    is_exact: bool
    """Whether each activation has exactly `active` features."""
    generator: torch.Generator
    """Source of randomness; drawing moves it on."""


def planted(site: PlantedSite, *, dimension: int, active: int, seed: int) -> Planted:
    """The generator of a set; the same seed always plants the same features."""
    generator = torch.Generator().manual_seed(seed)
    features = unit_rows(torch.randn(dimension, dimension, generator=generator))
    if site == "planted_knee":
        features = torch.linalg.qr(features).Q
    return Planted(features, active, site == "planted_knee", generator)


def draw(source: Planted, count: int) -> Float[Tensor, "count d_in"]:
    """`count` activations x = sum_i c_i g_i, with c_i uniform on [0.5, 1.5] where active."""
    n_features = len(source.features)
    order = torch.rand(count, n_features, generator=source.generator)
    if source.is_exact:
        active = order <= order.kthvalue(source.active, dim=1, keepdim=True).values
    else:
        active = order < source.active / n_features
    strength = 0.5 + torch.rand(count, n_features, generator=source.generator)
    return (strength * active) @ source.features


def blocks(source: Planted, count: int, size: int = 16_384) -> Iterator[Float[Tensor, "n d_in"]]:
    """`count` activations in blocks, so that memory stays bounded."""
    for start in range(0, count, size):
        yield draw(source, min(size, count - start))
