"""A way of taking activations apart, with the centring and scaling that belong to it."""

from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary, Transform, decode, encode


class Knob(NamedTuple):
    """What makes its codes sparse."""

    name: str
    """alpha (L1 coefficient), k (codes kept a token), or none."""
    value: float
    """Its value; 0 for none."""


@dataclass(frozen=True)
class Decomposition:
    """Codes of activations of the language model, and activations from codes."""

    dictionary: Dictionary
    """Encoder and decoder, in units of their own."""
    transform: Transform
    """From activations of the language model to those units, and back."""
    knob: Knob
    """What makes its codes sparse."""

    def encode(self, x: Float[Tensor, "batch d_in"]) -> Float[Tensor, "batch d_sae"]:
        """Codes of activations of the language model."""
        return encode(self.dictionary, self.transform.forward(x))

    def decode(self, c: Float[Tensor, "batch d_sae"]) -> Float[Tensor, "batch d_in"]:
        """Activations of the language model from codes."""
        return self.transform.inverse(decode(self.dictionary, c))

    @property
    def directions(self) -> Float[Tensor, "d_sae d_in"]:
        """Rows that write: what one unit of a code adds, in its own units."""
        return self.dictionary.W_dec

    @property
    def d_in(self) -> int:
        """Coordinates of an activation."""
        return self.dictionary.W_dec.shape[1]

    @property
    def d_sae(self) -> int:
        """Number of codes."""
        return len(self.dictionary.W_dec)
