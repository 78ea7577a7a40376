"""Directions of chance: what any other decomposition has to beat."""

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary, decode, encode, unit_rows


def random_dictionary(d_in: int, d_sae: int, seed: int) -> Float[Tensor, "d_sae d_in"]:
    """Random unit rows: the null of duplicates and of matching."""
    generator = torch.Generator().manual_seed(seed)
    return unit_rows(torch.randn(d_sae, d_in, generator=generator))


def random_topk(
    d_in: int, d_sae: int, k: int, seed: int, sample: Float[Tensor, "batch d_in"]
) -> Dictionary:
    """A random unit dictionary of equal size, top-k codes, and the one gain that serves it best.

    Rows that are not orthogonal overshoot when their projections are added, so the encoder is
    scaled by g = <x, x_hat> / <x_hat, x_hat> on `sample` (least squares); without it the baseline
    would lose for a trivial reason.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = unit_rows(torch.randn(d_sae, d_in, generator=generator))
    plain = Dictionary(rows, torch.zeros(d_sae), rows, "topk", k)
    x_hat = decode(plain, encode(plain, sample))
    gain = (sample * x_hat).sum() / x_hat.square().sum()
    return plain._replace(W_enc=rows * gain)


def random_orthogonal(d_in: int, seed: int) -> Float[Tensor, "d_in d_in"]:
    """Orthonormal rows of chance: Q of the QR decomposition of normal numbers."""
    generator = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(d_in, d_in, generator=generator)).Q
