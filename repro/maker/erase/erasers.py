"""Ways of erasing a concept from activations, each to any strength.

    x' = x - t e(x)

with e(x) what a whole erasure (t = 1) takes away:

    a feature        c_k f_k                        less than rank one, as in section 5 (footnote 5)
    its direction    f f^T (x - mu)                 the authors' choice in the first version
    mean difference  d d^T (x - mu)                 d the unit difference of the class means
    LEACE            x - leace(x)                   Belrose et al. 2023, arXiv 2306.03819

where mu is the middle of the class means; strengths above 1 go past it, so that ways that erase
little can be compared with others at an equal score left on the task.
"""

from typing import NamedTuple, Protocol

import torch
from concept_erasure import LeaceEraser, LeaceFitter
from jaxtyping import Float, Int
from torch import Tensor

from repro.maker.decompositions.decomposition import Decomposition
from repro.maker.dictionaries.model import unit_rows


class Eraser(Protocol):
    """What a whole erasure takes away."""

    def __call__(self, x: Float[Tensor, "token d_in"]) -> Float[Tensor, "token d_in"]:
        """e(x), at each token."""
        ...


class Feature(NamedTuple):
    """One unit of a decomposition, wherever it is active."""

    of: Decomposition
    """The decomposition."""
    unit: int
    """Number of the unit."""

    def __call__(self, x: Float[Tensor, "token d_in"]) -> Float[Tensor, "token d_in"]:
        """c_k f_k."""
        c = self.of.encode(x)[:, self.unit]
        return c[:, None] * self.of.directions[self.unit] / self.of.transform.scale


class Projection(NamedTuple):
    """The component along a direction, counted from a centre."""

    direction: Float[Tensor, " d_in"]
    """Of norm 1."""
    centre: Float[Tensor, " d_in"]
    """What is left of every token along it."""

    def __call__(self, x: Float[Tensor, "token d_in"]) -> Float[Tensor, "token d_in"]:
        """F f^T (x - mu)."""
        return ((x - self.centre) @ self.direction)[:, None] * self.direction


class Leace(NamedTuple):
    """Least-squares concept erasure."""

    eraser: LeaceEraser
    """As the library fitted it."""

    def __call__(self, x: Float[Tensor, "token d_in"]) -> Float[Tensor, "token d_in"]:
        """X - leace(x)."""
        return x - self.eraser(x.double()).to(x.dtype)


def leace(x: Float[Tensor, "token d_in"], label: Int[Tensor, " token"]) -> Leace:
    """LEACE of a concept with two values, fitted in float64 with the library's defaults."""
    return Leace(LeaceFitter.fit(x.double(), label.double()).eraser)


def mean_difference(x: Float[Tensor, "token d_in"], label: Int[Tensor, " token"]) -> Projection:
    """Along the difference of the class means."""
    means = torch.stack([x[label == value].mean(dim=0) for value in (0, 1)])
    return Projection(unit_rows((means[1] - means[0])[None])[0], means.mean(dim=0))


def likest(of: Decomposition, like: Projection) -> int:
    """The unit whose direction is most like another, up to its sign (the authors' choice)."""
    return int((unit_rows(of.directions) @ like.direction).abs().argmax())
