"""The training loss and its gradient, written out once for a whole stack of autoencoders."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from repro.sae.model import MIN_ROW_NORM


class Loss(NamedTuple):
    """The two terms, one value for each member of the stack."""

    squared_error: Float[Tensor, " sae"]
    """Mean over batch and coordinates of (x - x_hat)^2."""
    sparsity: Float[Tensor, " sae"]
    """Mean over the batch of the L1 norm of the code, not yet multiplied by alpha."""


def loss_terms(
    x: Float[Tensor, "batch d_in"],
    x_hat: Float[Tensor, "sae batch d_in"],
    c: Float[Tensor, "sae batch d_sae"],
) -> Loss:
    """The two terms of the loss; the loss is `squared_error + alpha * sparsity`.

        squared_error = mean_{b,j} (x_bj - x_hat_bj)^2        sparsity = mean_b sum_i |c_bi|

    Paper: equation 4 (section 2), which prints the squared error as a sum over coordinates.
    Departs: the mean over coordinates is what the authors' code computes and what their quoted
    alphas belong to; in the printed form alpha must be multiplied by d_in.
    Reduction: squared error over batch and coordinates; L1 summed over features, mean over batch.
    """
    return Loss(
        squared_error=(x_hat - x).square().mean(dim=(-2, -1)),
        sparsity=c.abs().sum(dim=-1).mean(dim=-1),
    )


class Gradient(NamedTuple):
    """Gradient of the loss in the free parameters, with the two terms as a by-product."""

    weight: Float[Tensor, "sae d_sae d_in"]
    """Gradient in the free rows (before normalisation for the tied autoencoder)."""
    bias: Float[Tensor, "sae 1 d_sae"]
    """Gradient in the encoder bias."""
    c: Float[Tensor, "sae batch d_sae"]
    """Codes of the batch."""
    error: Float[Tensor, "sae batch d_in"]
    """x_hat - x of the batch."""


def tied_gradient(
    weight: Float[Tensor, "sae d_sae d_in"],
    bias: Float[Tensor, "sae 1 d_sae"],
    alpha: Float[Tensor, "sae 1 1"],
    x: Float[Tensor, "batch d_in"],
    matmul: torch.dtype,
) -> Gradient:
    """Gradient of the loss of the paper's tied autoencoder, through the row normalisation.

    With rows f = W / |W|, codes c = ReLU(x f^T + b), error e = c f - x:

        dL/dx_hat = 2 e / (batch d_in)
        dL/dc     = (dL/dx_hat f^T + alpha / batch) where c > 0, else 0
        dL/df     = c^T dL/dx_hat + dL/dc^T x          (decoder use + encoder use of the same rows)
        dL/dW     = (dL/df - (dL/df . f) f) / |W|      (only what turns a row survives)

    Matrix products run in `matmul`, accumulation and parameters stay in fp32. Written by hand
    because a taped backward pass keeps copies that the processor's caches cannot hold; the tests
    compare it with autograd in float64.
    """
    norm = weight.norm(dim=-1, keepdim=True).clamp_min(MIN_ROW_NORM)
    rows = weight / norm
    read = rows.to(matmul)
    inputs = x.to(matmul).expand(len(weight), -1, -1)
    c, error, slope, d_code = _backward_to_code(read, read, bias, alpha, inputs)
    gradient = torch.bmm(c.mT, slope).baddbmm_(d_code.mT, inputs).to(weight.dtype)
    gradient -= torch.einsum("nij,nij->ni", gradient, rows).unsqueeze(-1) * rows
    gradient /= norm
    return Gradient(gradient, d_code.to(bias.dtype).sum(dim=1, keepdim=True), c, error)


def random_decoder_gradient(
    weight: Float[Tensor, "sae d_sae d_in"],
    bias: Float[Tensor, "sae 1 d_sae"],
    alpha: Float[Tensor, "sae 1 1"],
    x: Float[Tensor, "batch d_in"],
    matmul: torch.dtype,
    decoder: Float[Tensor, "d_sae d_in"],
) -> Gradient:
    """Gradient in a free encoder while the unit-row decoder stays as it was drawn.

    Same loss; dL/dW = dL/dc^T x. Not in the paper: the frozen-decoder baseline of Korznikov et al.
    (2026, arXiv 2602.14111).
    """
    inputs = x.to(matmul).expand(len(weight), -1, -1)
    write = decoder.to(matmul).expand(len(weight), -1, -1)
    c, error, _, d_code = _backward_to_code(weight.to(matmul), write, bias, alpha, inputs)
    gradient = torch.bmm(d_code.mT, inputs).to(weight.dtype)
    return Gradient(gradient, d_code.to(bias.dtype).sum(dim=1, keepdim=True), c, error)


def _backward_to_code(
    read: Tensor, write: Tensor, bias: Tensor, alpha: Tensor, inputs: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Codes, error, dL/dx_hat and dL/dc of a stack."""
    _, batch, d_in = inputs.shape
    c = torch.baddbmm(bias.to(read.dtype), inputs, read.mT).relu_()
    error = torch.baddbmm(inputs, c, write, beta=-1)
    slope = error * (2 / (batch * d_in))
    d_code = torch.baddbmm((alpha / batch).to(read.dtype), slope, write.mT)
    d_code *= c > 0
    return c, error, slope, d_code
