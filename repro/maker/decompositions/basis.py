"""An orthonormal basis as a decomposition: whole, with both signs, its first rows, its top k."""

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary


def rotation(rows: Float[Tensor, "d_in d_in"]) -> Dictionary:
    """Signed coordinates in an orthonormal basis: c = V x; all patched is the activations whole.

    With principal directions the authors' `pca_rot`, with the identity the plain neurons.
    """
    return Dictionary(rows, torch.zeros(len(rows)), rows, "linear", len(rows))


def both_signs(rows: Float[Tensor, "d_in d_in"]) -> Dictionary:
    """Non-negative coordinates along both signs of each row: c = ReLU([V; -V] x).

    The authors' `pca_pve`; complete as well, because x = ReLU(x) - ReLU(-x).
    """
    both = torch.cat([rows, -rows])
    return Dictionary(both, torch.zeros(len(both)), both, "relu", 0)


def static(rows: Float[Tensor, "d_in d_in"], k: int) -> Dictionary:
    """The first k orthonormal rows for every token (static PCA): c = V_k x."""
    kept = rows[:k].contiguous()
    return Dictionary(kept, torch.zeros(k), kept, "linear", k)


def signed_topk(rows: Float[Tensor, "n d_in"], k: int) -> Dictionary:
    """Both signs of each row, of which each token keeps the k largest.

    Paper: appendix G (PCA top-k): +-directions, largest signed scores, ReLU. With orthonormal rows
    these are the k largest absolute coordinates, the best k-sparse code in that basis.
    """
    both = torch.cat([rows, -rows])
    return Dictionary(both, torch.zeros(len(both)), both, "topk", k)


def neurons(d_in: int) -> Float[Tensor, "d_in d_in"]:
    """The coordinates of the activations themselves ("default basis" of the paper)."""
    return torch.eye(d_in)


def both_ways(linear: Dictionary) -> Dictionary:
    """Non-negative codes along both signs of each row of a linear dictionary with its own encoder.

    c = ReLU([E; -E] x), written with [D; -D]: as complete as the linear one.
    """
    read = torch.cat([linear.W_enc, -linear.W_enc])
    write = torch.cat([linear.W_dec, -linear.W_dec])
    return Dictionary(read, torch.zeros(len(read)), write, "relu", 0)


def largest_ways(linear: Dictionary, k: int) -> Dictionary:
    """The same, of which each token keeps the k largest.

    Paper: appendix G (ICA top-k), whose code forgets to standardise the input.
    """
    return both_ways(linear)._replace(activation="topk", k=k)
