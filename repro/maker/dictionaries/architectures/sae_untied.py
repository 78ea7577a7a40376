"""The paper's autoencoder for MLP activations: an encoder of its own (equations 5 and 6)."""

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
from repro.maker.dictionaries.model import Dictionary, with_unit_decoder
from repro.maker.dictionaries.recipe import Recipe


def untied_gradient(
    W_enc: Float[Tensor, "sae d_sae d_in"],
    b_enc: Float[Tensor, "sae 1 d_sae"],
    alpha: Float[Tensor, "sae 1 1"],
    x: Float[Tensor, "batch d_in"],
    matmul: torch.dtype,
    W_dec: Float[Tensor, "sae d_sae d_in"],
    reduction: Reduction = "mean",
) -> Gradient:
    """Gradient for an encoder W with rows of its own beside the decoder rows f = D / |D|.

        c = ReLU(x W^T + b);  dL/dW = dL/dc^T x;  dL/dD = (dL/df - (dL/df . f) f) / |D|,
        dL/df = c^T dL/dx_hat

    Paper: equations 5 and 6 (the variant for MLP sites): the encoder is not normalised.
    """
    inputs = x.to(matmul).expand(len(W_enc), -1, -1)
    return with_own_encoder(W_enc, b_enc, alpha, inputs, W_dec, reduction)[0]


def _draw(rows: Tensor, recipe: Recipe, generator: torch.Generator) -> Rows:
    """The decoder is drawn like the encoder and after it; `start_scale` sets its rows' length."""
    return Rows(rows, xavier(recipe.d_sae, rows.shape[-1], generator) * recipe.start_scale)


def _gradient(stack: Stack, part: slice, alpha: Tensor, x: Tensor, recipe: Recipe) -> Gradient:
    free = (stack.W_enc[part], stack.b_enc[part], alpha[part])
    return untied_gradient(*free, x, recipe.matmul, stack.W_dec[part], recipe.reduction)


def _dictionaries(stack: Stack, _: Recipe) -> list[Dictionary]:
    return with_unit_decoder(stack.W_enc, stack.b_enc[:, 0], stack.W_dec)


ARCHITECTURE = Architecture(_draw, ("W_enc", "b_enc", "W_dec"), _gradient, _dictionaries)
