"""The training loss, and what the gradients of all autoencoders have in common."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import MIN_ROW_NORM, largest

Reduction = Literal["mean", "sum"]
"""Of the squared error over coordinates: mean (authors' code) or sum (equation 4 as printed)."""


class Loss(NamedTuple):
    """The two terms, one value for each member of the stack."""

    squared_error: Float[Tensor, " sae"]
    """(x - x_hat)^2, mean over the batch; over coordinates mean, or sum if so asked."""
    sparsity: Float[Tensor, " sae"]
    """Mean over the batch of the L1 norm of the code, not yet multiplied by alpha."""


def loss_terms(
    x: Float[Tensor, "batch d_in"],
    x_hat: Float[Tensor, "sae batch d_in"],
    c: Float[Tensor, "sae batch d_sae"],
    reduction: Reduction = "mean",
) -> Loss:
    """The two terms of the loss; the loss is `squared_error + alpha * sparsity`.

        squared_error = mean_{b,j} (x_bj - x_hat_bj)^2        sparsity = mean_b sum_i |c_bi|

    Paper: equation 4 (section 2), which prints the squared error as a sum over coordinates.
    Departs: the mean over coordinates is what the authors' code computes and what their quoted
    alphas belong to; in the printed form alpha must be multiplied by d_in.
    Reduction: squared error over batch and coordinates (`reduction="sum"`: summed over coordinates,
    mean over the batch, as printed); L1 summed over features, mean over batch.
    """
    error = (x_hat - x).square().mean(dim=(-2, -1))
    return Loss(
        squared_error=error * x.shape[-1] if reduction == "sum" else error,
        sparsity=c.abs().sum(dim=-1).mean(dim=-1),
    )


class Gradient(NamedTuple):
    """Gradient of the loss in the free parameters, with the two terms as a by-product."""

    W_enc: Float[Tensor, "sae d_sae d_in"]
    """Gradient in the free rows (before normalisation for the tied autoencoder)."""
    b_enc: Float[Tensor, "sae 1 d_sae"]
    """Gradient in the encoder bias."""
    c: Float[Tensor, "sae batch d_sae"]
    """Codes of the batch."""
    error: Float[Tensor, "sae batch d_in"]
    """x_hat - x of the batch."""
    W_dec: Float[Tensor, "sae d_sae d_in"] | None = None
    """Gradient in the decoder's free rows where it has its own."""
    b_dec: Float[Tensor, "sae 1 d_in"] | None = None
    """Gradient in the decoder bias where there is one."""


def with_own_encoder(
    W_enc: Tensor,
    b_enc: Tensor,
    alpha: Tensor,
    inputs: Tensor,
    W_dec: Tensor,
    reduction: Reduction,
) -> tuple[Gradient, Tensor, Tensor]:
    """Gradient where encoder and decoder are apart, with dL/dx_hat and dL/dc."""
    norm = W_dec.norm(dim=-1, keepdim=True).clamp_min(MIN_ROW_NORM)
    rows = W_dec / norm
    c, error, slope, d_code = backward_to_code(
        W_enc.to(inputs.dtype), rows.to(inputs.dtype), b_enc, alpha, inputs, reduction
    )
    found = Gradient(
        W_enc=torch.bmm(d_code.mT, inputs).to(W_enc.dtype),
        b_enc=d_code.to(b_enc.dtype).sum(dim=1, keepdim=True),
        c=c,
        error=error,
        W_dec=through_norm(torch.bmm(c.mT, slope).to(W_dec.dtype), rows, norm),
    )
    return found, slope, d_code


def through_norm(gradient: Tensor, rows: Tensor, norm: Tensor) -> Tensor:
    """Gradient in free rows from that in their unit rows: only what turns a row survives."""
    radial = (gradient * rows).sum(dim=-1, keepdim=True)
    return gradient.addcmul_(radial, rows, value=-1).div_(norm)


def backward_to_code(
    read: Tensor,
    write: Tensor,
    b_enc: Tensor,
    alpha: Tensor,
    inputs: Tensor,
    reduction: Reduction,
    ks: tuple[int, ...] = (),
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Codes, error, dL/dx_hat and dL/dc of a stack."""
    _, batch, d_in = inputs.shape
    c = torch.baddbmm(b_enc.to(read.dtype), inputs, read.mT).relu_()
    for member, k in zip(c, ks, strict=bool(ks)):
        member.copy_(largest(member, k))
    error = torch.baddbmm(inputs, c, write, beta=-1)
    slope = error * (2 / (batch * d_in if reduction == "mean" else batch))
    d_code = torch.baddbmm((alpha / batch).to(read.dtype), slope, write.mT)
    # The backward pass of ReLU: zero where c is, in one sweep over memory.
    return c, error, slope, torch.ops.aten.threshold_backward(d_code, c, 0)
