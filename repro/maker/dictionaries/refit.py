"""Refitting the active codes: what the L1 penalty took from them (Wright & Sharkey 2024)."""

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary

JITTER = 1e-6
"""Added to the diagonal of each Gram matrix of unit rows, so that copies do not break it."""


def refit_squared_error(
    dictionary: Dictionary, x: Float[Tensor, "batch d_in"], c: Float[Tensor, "batch d_sae"]
) -> Float[Tensor, " batch"]:
    """Squared error of each token when its active features get least-squares codes.

        min over v of |x - sum_{i: c_i != 0} v_i f_i|^2,   v = (F F^T)^-1 F x,  F the active rows

    The active set stays; only the strengths change, so what is gained is what shrinkage cost.
    Solved in float64. Tokens without an active feature keep the error |x|^2.
    Reduction: sum over coordinates of one token.
    """
    rows = dictionary.W_dec.double()
    x64 = x.double()
    return torch.stack([_one(rows, token, code) for token, code in zip(x64, c, strict=True)])


def _one(
    rows: Float[Tensor, "d_sae d_in"], x: Float[Tensor, " d_in"], c: Float[Tensor, " d_sae"]
) -> Float[Tensor, ""]:
    active = rows[c != 0]
    if len(active) == 0:
        return x.square().sum()
    gram = active @ active.T
    gram.diagonal().add_(JITTER)
    v = torch.cholesky_solve((active @ x).unsqueeze(1), torch.linalg.cholesky(gram))
    return (x - v[:, 0] @ active).square().sum()
