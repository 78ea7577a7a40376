"""Decompositions that need no training, behind the interface of a dictionary."""

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary, unit_rows


def rotation(rows: Float[Tensor, "d_in d_in"]) -> Dictionary:
    """Signed coordinates in an orthonormal basis: c = V x; all patched is the whole residual.

    With principal directions the authors' `pca_rot`, with the identity the plain neurons.
    """
    return Dictionary(rows, torch.zeros(len(rows)), rows, "linear", len(rows))


def both_signs(rows: Float[Tensor, "d_in d_in"]) -> Dictionary:
    """Non-negative coordinates along both signs of each row: c = ReLU([V; -V] x).

    The authors' `pca_pve`; complete as well, because x = ReLU(x) - ReLU(-x).
    """
    both = torch.cat([rows, -rows])
    return Dictionary(both, torch.zeros(len(both)), both, "relu", 0)


def random_orthogonal(d_in: int, seed: int) -> Float[Tensor, "d_in d_in"]:
    """Orthonormal rows of chance: Q of the QR decomposition of normal numbers."""
    generator = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(d_in, d_in, generator=generator)).Q


def mean_differences(
    by_name: Float[Tensor, "names forms d_in"],
) -> Dictionary:
    """One direction a name: its mean activation less the mean over names (difference of means).

    Codes are the least-squares coordinates in the span of the directions, c = pinv(D^T) x, so an
    edit moves nothing outside it.
    """
    means = by_name.mean(dim=1)
    rows = unit_rows(means - means.mean(dim=0))
    read = torch.linalg.pinv(rows.double().T, rtol=1e-6).to(rows.dtype).contiguous()
    return Dictionary(read, torch.zeros(len(rows)), rows, "linear", len(rows))
