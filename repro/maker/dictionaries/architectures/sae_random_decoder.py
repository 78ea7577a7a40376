"""The control whose decoder stays as it was drawn, beside a trained encoder."""

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.architectures.architecture import Architecture, Rows, Stack
from repro.maker.dictionaries.loss import Gradient, Reduction, backward_to_code
from repro.maker.dictionaries.model import Dictionary, unit_rows
from repro.maker.dictionaries.recipe import Recipe


def random_decoder_gradient(
    W_enc: Float[Tensor, "sae d_sae d_in"],
    b_enc: Float[Tensor, "sae 1 d_sae"],
    alpha: Float[Tensor, "sae 1 1"],
    x: Float[Tensor, "batch d_in"],
    matmul: torch.dtype,
    W_dec: Float[Tensor, "d_sae d_in"],
    reduction: Reduction = "mean",
    ks: tuple[int, ...] = (),
) -> Gradient:
    """Gradient in a free encoder while the unit-row decoder stays as it was drawn.

    Same loss; dL/dW = dL/dc^T x. With `ks` each member keeps its k largest codes of each token and
    sets the others to zero, through which no gradient flows. Not in the paper: the frozen-decoder
    baseline of Korznikov et al. (2026, arXiv 2602.14111).
    """
    inputs = x.to(matmul).expand(len(W_enc), -1, -1)
    write = W_dec.to(matmul).expand(len(W_enc), -1, -1)
    c, error, _, d_code = backward_to_code(
        W_enc.to(matmul), write, b_enc, alpha, inputs, reduction, ks
    )
    gradient = torch.bmm(d_code.mT, inputs).to(W_enc.dtype)
    return Gradient(gradient, d_code.to(b_enc.dtype).sum(dim=1, keepdim=True), c, error)


def _draw(rows: Tensor, _: Recipe, generator: torch.Generator) -> Rows:
    """Random unit rows; the encoder starts as a copy of them."""
    W_dec = unit_rows(torch.randn(rows.shape, generator=generator))
    return Rows(W_dec, W_dec)


def _gradient(stack: Stack, part: slice, alpha: Tensor, x: Tensor, recipe: Recipe) -> Gradient:
    free = (stack.W_enc[part], stack.b_enc[part], alpha[part])
    how = (recipe.reduction, recipe.ks[part])
    return random_decoder_gradient(*free, x, recipe.matmul, stack.W_dec, *how)


def _dictionaries(stack: Stack, recipe: Recipe) -> list[Dictionary]:
    ks = recipe.ks or [0] * len(recipe.alphas)
    members = zip(stack.W_enc, stack.b_enc[:, 0], ks, strict=True)
    return [Dictionary(w, b, stack.W_dec, "topk" if k else "relu", k) for w, b, k in members]


ARCHITECTURE = Architecture(_draw, ("W_enc", "b_enc"), _gradient, _dictionaries)
