"""Activations with known truth: the controls of the fidelity claims, and the toy of c22.

Superposition data in the manner of Sharkey et al. (2022): x = sum_i c_i g_i with fixed unit
vectors g_i. Four sets, each with a known answer:

- `planted_width`: as many true features as dimensions, active at random. A dictionary needs R =
  1 and gains nothing from more, so a check that still sees gains from R = 4 is wrong.
- `planted_knee`: exactly `active` orthogonal features at a time. Below that L0 every feature taken
  away costs variance, above it there is nothing left to explain, so the curve of FVU against L0
  has a knee there, and a check that calls it smooth is wrong.
- `planted_independent`: more features than dimensions, each active with equal probability and
  independently. The set on which recovery is judged.
- `planted_hard`: the same features, but correlated, rare and hierarchical: activity falls off by
  0.99 from one pair to the next, groups of features rise and fall together (Gaussian copula), and
  each odd feature is a child, active only where the even one before it is.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from repro.maker.dictionaries.model import unit_rows
from repro.maker.params.plant import PLANTED, TOY

PlantedSite = Literal["planted_width", "planted_knee", "planted_independent", "planted_hard"]
PLANTED_SETS: tuple[PlantedSite, ...] = (*PLANTED, *TOY)

FALL_OFF = 0.99
"""Activity of a pair of features over that of the pair before it (Sharkey et al. 2022)."""
CORRELATION = 0.5
"""Correlation of the hidden normal variables of two features of one group."""
GROUP = 32
"""Features that rise and fall together."""
CHILD_SHARE = 0.5
"""How often a child feature is active where its parent is."""

Activity = Callable[[int, torch.Generator], Bool[Tensor, "count n_features"]]


class Planted(NamedTuple):
    """A generator of planted activations."""

    features: Float[Tensor, "n_features d_in"]
    """The true unit features."""
    activity: Activity
    """Draws which features are active."""
    weakest: float
    """Smallest strength of an active feature; strengths are uniform over one unit above it."""
    generator: torch.Generator
    """Source of randomness; drawing moves it on."""


def planted(
    site: PlantedSite, *, dimension: int, active: float, seed: int, n_features: int | None = None
) -> Planted:
    """The generator of a set; the same seed always plants the same features.

    Args:
        site: which set.
        dimension: coordinates of an activation.
        active: true features active at once, exactly (knee, a whole number) or on average.
        seed: seed of features and activity.
        n_features: true features; as many as dimensions where it is not given.
    """
    n = n_features or dimension
    generator = torch.Generator().manual_seed(seed)
    features = unit_rows(torch.randn(n, dimension, generator=generator))
    match site:
        case "planted_width":
            return Planted(features, _alone(n, active), 0.5, generator)
        case "planted_knee":
            orthogonal = torch.linalg.qr(features).Q
            return Planted(orthogonal, _exactly(n, round(active)), 0.5, generator)
        case "planted_independent":
            return Planted(features, _alone(n, active), 0.0, generator)
        case "planted_hard":
            return Planted(features, _in_families(n, active), 0.0, generator)


def draw(source: Planted, count: int) -> Float[Tensor, "count d_in"]:
    """`count` activations x = sum_i c_i g_i, with c_i uniform where active, else 0."""
    active = source.activity(count, source.generator)
    strength = source.weakest + torch.rand(active.shape, generator=source.generator)
    return (strength * active) @ source.features


def blocks(source: Planted, count: int, size: int = 16_384) -> Iterator[Float[Tensor, "n d_in"]]:
    """`count` activations in blocks, so that memory stays bounded."""
    for start in range(0, count, size):
        yield draw(source, min(size, count - start))


def _alone(n_features: int, active: float) -> Activity:
    """Each feature by itself, with probability active / n_features."""

    def law(count: int, generator: torch.Generator) -> Bool[Tensor, "count n_features"]:
        return torch.rand(count, n_features, generator=generator) < active / n_features

    return law


def _exactly(n_features: int, active: int) -> Activity:
    """Just `active` features at a time."""

    def law(count: int, generator: torch.Generator) -> Bool[Tensor, "count n_features"]:
        order = torch.rand(count, n_features, generator=generator)
        return order <= order.kthvalue(active, dim=1, keepdim=True).values

    return law


def _in_families(n_features: int, active: float) -> Activity:
    """Correlated in groups, ever rarer, children below parents; `active` at once on average.

    A feature is active where its hidden normal variable lies below the quantile of its probability
    (Gaussian copula); a child where, besides, its parent is active.
    """
    pair = torch.arange(n_features) // 2
    weight = FALL_OFF ** (2 * pair.double())
    is_child = torch.arange(n_features) % 2 == 1
    share = torch.where(is_child, CHILD_SHARE, 1.0)
    parent = weight * active / (weight * share).sum()
    bound = torch.special.ndtri(torch.where(is_child, CHILD_SHARE, parent)).float()
    group = torch.arange(n_features) // GROUP

    def law(count: int, generator: torch.Generator) -> Bool[Tensor, "count n_features"]:
        own = torch.randn(count, n_features, generator=generator)
        common = torch.randn(count, int(group[-1]) + 1, generator=generator)[:, group]
        hidden = CORRELATION**0.5 * common + (1 - CORRELATION) ** 0.5 * own
        # A child's variable is its own alone: its parent already carries the group's part.
        fires = torch.where(is_child, own, hidden) < bound
        fires[:, 1::2] &= fires[:, : n_features - n_features % 2 : 2]
        return fires

    return law
