"""The field's standard autoencoder: an encoder of its own and a decoder bias."""

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.architectures.architecture import (
    Architecture,
    Rows,
    Stack,
    xavier,
)
from repro.maker.dictionaries.loss import Gradient, Reduction, with_own_encoder
from repro.maker.dictionaries.model import Dictionary, unit_rows, with_unit_decoder
from repro.maker.dictionaries.recipe import Recipe

ENCODER_START = 0.1
"""Norm of the encoder rows at the start, along the decoder's unit rows."""


def standard_gradient(
    W_enc: Float[Tensor, "sae d_sae d_in"],
    b_enc: Float[Tensor, "sae 1 d_sae"],
    alpha: Float[Tensor, "sae 1 1"],
    x: Float[Tensor, "batch d_in"],
    matmul: torch.dtype,
    W_dec: Float[Tensor, "sae d_sae d_in"],
    b_dec: Float[Tensor, "sae 1 d_in"],
    reduction: Reduction = "mean",
) -> Gradient:
    """Gradient for the field's standard autoencoder: encoder W, unit rows f, decoder bias b_d.

        c = ReLU((x - b_d) W^T + b);  x_hat = c f + b_d
        dL/db_d = sum_b dL/dx_hat - (sum_b dL/dc) W;  the rest as for the untied one at x - b_d

    Paper: not in it (no decoder bias); Bricken et al. 2023, "Towards Monosemanticity", and the
    default of the field's trainers. Trained to tell what the paper's architecture costs from what
    its training does.
    """
    inputs = (x - b_dec).to(matmul)
    found, slope, d_code = with_own_encoder(W_enc, b_enc, alpha, inputs, W_dec, reduction)
    given = slope.to(b_dec.dtype).sum(dim=1, keepdim=True)
    taken = d_code.to(b_enc.dtype).sum(dim=1, keepdim=True) @ W_enc
    return found._replace(b_dec=given - taken)


def _draw(rows: Tensor, recipe: Recipe, generator: torch.Generator) -> Rows:
    """Random unit rows of a second draw, and a tenth of them for the encoder.

    Source: Anthropic, Circuits Updates April 2024.
    """
    W_dec = unit_rows(xavier(recipe.d_sae, rows.shape[-1], generator))
    return Rows(W_dec * ENCODER_START, W_dec)


def _gradient(stack: Stack, part: slice, alpha: Tensor, x: Tensor, recipe: Recipe) -> Gradient:
    free = (stack.W_enc[part], stack.b_enc[part], alpha[part])
    own = (stack.W_dec[part], stack.b_dec[part])
    return standard_gradient(*free, x, recipe.matmul, *own, recipe.reduction)


def _dictionaries(stack: Stack, _: Recipe) -> list[Dictionary]:
    """Without the decoder bias, which becomes a shift of the centre (`centred_at`)."""
    return with_unit_decoder(stack.W_enc, stack.b_enc[:, 0], stack.W_dec)


ARCHITECTURE = Architecture(_draw, ("W_enc", "b_enc", "W_dec", "b_dec"), _gradient, _dictionaries)
