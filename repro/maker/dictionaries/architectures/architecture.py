"""What an autoencoder has to say of itself, and the stack of them that is trained."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.loss import Gradient
from repro.maker.dictionaries.model import Dictionary
from repro.maker.dictionaries.recipe import Recipe


class Stack(NamedTuple):
    """Parameters of a stack and the state of its optimiser."""

    W_enc: Float[Tensor, "sae d_sae d_in"]
    """Free rows of the encoder; the tied autoencoder's features are these, normalised."""
    b_enc: Float[Tensor, "sae 1 d_sae"]
    """Encoder bias."""
    W_dec: Float[Tensor, "*sae d_sae d_in"]
    """Free rows of the decoder; shared by all where it is frozen, empty where it is tied."""
    b_dec: Float[Tensor, "*sae 1 d_in"]
    """Decoder bias, subtracted before encoding; empty where there is none."""
    adam: torch.optim.Adam
    """Optimiser over all that is trained."""
    trains: tuple[str, ...]
    """Names of the parameters that it moves."""

    def trained(self) -> dict[str, Tensor]:
        """The parameters that the optimiser moves, by name."""
        return {name: getattr(self, name) for name in self.trains}


class Rows(NamedTuple):
    """Initial rows, the same for every member of a stack."""

    W_enc: Float[Tensor, "d_sae d_in"]
    """Of the encoder."""
    W_dec: Float[Tensor, "*d_sae d_in"]
    """Of the decoder; empty where it is the encoder's."""


class Architecture(NamedTuple):
    """An autoencoder as the training engine sees it."""

    draw: Callable[[Tensor, Recipe, torch.Generator], Rows]
    """Initial rows, from Xavier-uniform ones and the generator that drew them."""
    trains: tuple[str, ...]
    """Parameters that are trained; a decoder that is not among them stays as it was drawn."""
    gradient: Callable[[Stack, slice, Tensor, Tensor, Recipe], Gradient]
    """Gradient of the loss of the members in a slice: (stack, slice, alpha, x, recipe)."""
    dictionaries: Callable[[Stack, Recipe], list[Dictionary]]
    """The members of a stack that lies on the CPU, as dictionaries."""


def xavier(d_sae: int, d_in: int, generator: torch.Generator) -> Float[Tensor, "d_sae d_in"]:
    """Xavier-uniform rows: between -b and b, b^2 = 6 / (d_sae + d_in). Source: authors' code."""
    bound = math.sqrt(6 / (d_sae + d_in))
    return torch.empty(d_sae, d_in).uniform_(-bound, bound, generator=generator)
