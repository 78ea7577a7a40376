"""The paper's autoencoder: the encoder reads with the decoder's unit rows (equations 1 to 4)."""

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.architectures.architecture import Architecture, Rows, Stack
from repro.maker.dictionaries.loss import Gradient, Reduction, backward_to_code, through_norm
from repro.maker.dictionaries.model import MIN_ROW_NORM, Dictionary, tied
from repro.maker.dictionaries.recipe import Recipe


def tied_gradient(
    W_enc: Float[Tensor, "sae d_sae d_in"],
    b_enc: Float[Tensor, "sae 1 d_sae"],
    alpha: Float[Tensor, "sae 1 1"],
    x: Float[Tensor, "batch d_in"],
    matmul: torch.dtype,
    reduction: Reduction = "mean",
) -> Gradient:
    """Gradient of the loss of the paper's tied autoencoder, through the row normalisation.

    With rows f = W / |W|, codes c = ReLU(x f^T + b), error e = c f - x:

        dL/dx_hat = 2 e / (batch d_in)                 (2 e / batch under reduction="sum")
        dL/dc     = (dL/dx_hat f^T + alpha / batch) where c > 0, else 0
        dL/df     = c^T dL/dx_hat + dL/dc^T x          (decoder use + encoder use of the same rows)
        dL/dW     = (dL/df - (dL/df . f) f) / |W|      (only what turns a row survives)

    Matrix products run in `matmul`, accumulation and parameters stay in fp32. Written by hand
    because a taped backward pass keeps copies that the processor's caches cannot hold; the tests
    compare it with autograd in float64.
    """
    norm = W_enc.norm(dim=-1, keepdim=True).clamp_min(MIN_ROW_NORM)
    rows = W_enc / norm
    read = rows.to(matmul)
    inputs = x.to(matmul).expand(len(W_enc), -1, -1)
    c, error, slope, d_code = backward_to_code(read, read, b_enc, alpha, inputs, reduction)
    gradient = torch.bmm(c.mT, slope).baddbmm_(d_code.mT, inputs).to(W_enc.dtype)
    gradient = through_norm(gradient, rows, norm)
    return Gradient(gradient, d_code.to(b_enc.dtype).sum(dim=1, keepdim=True), c, error)


def _draw(rows: Tensor, recipe: Recipe, _: torch.Generator) -> Rows:
    """Xavier's rows; `start_scale` sets their length and leaves the direction."""
    return Rows(rows * recipe.start_scale, torch.empty(0, rows.shape[-1]))


def _gradient(stack: Stack, part: slice, alpha: Tensor, x: Tensor, recipe: Recipe) -> Gradient:
    free = (stack.W_enc[part], stack.b_enc[part], alpha[part])
    return tied_gradient(*free, x, recipe.matmul, recipe.reduction)


def _dictionaries(stack: Stack, _: Recipe) -> list[Dictionary]:
    return [tied(w, b) for w, b in zip(stack.W_enc, stack.b_enc[:, 0], strict=True)]


ARCHITECTURE = Architecture(_draw, ("W_enc", "b_enc"), _gradient, _dictionaries)
