"""The training loss and its gradient, written out once for a whole stack of autoencoders."""

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
    c, error, slope, d_code = _backward_to_code(read, read, b_enc, alpha, inputs, reduction)
    gradient = torch.bmm(c.mT, slope).baddbmm_(d_code.mT, inputs).to(W_enc.dtype)
    gradient = _through_norm(gradient, rows, norm)
    return Gradient(gradient, d_code.to(b_enc.dtype).sum(dim=1, keepdim=True), c, error)


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
    return _with_own_encoder(W_enc, b_enc, alpha, inputs, W_dec, reduction)[0]


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
    found, slope, d_code = _with_own_encoder(W_enc, b_enc, alpha, inputs, W_dec, reduction)
    given = slope.to(b_dec.dtype).sum(dim=1, keepdim=True)
    taken = d_code.to(b_enc.dtype).sum(dim=1, keepdim=True) @ W_enc
    return found._replace(b_dec=given - taken)


def _with_own_encoder(
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
    c, error, slope, d_code = _backward_to_code(
        W_enc.to(inputs.dtype), rows.to(inputs.dtype), b_enc, alpha, inputs, reduction
    )
    found = Gradient(
        W_enc=torch.bmm(d_code.mT, inputs).to(W_enc.dtype),
        b_enc=d_code.to(b_enc.dtype).sum(dim=1, keepdim=True),
        c=c,
        error=error,
        W_dec=_through_norm(torch.bmm(c.mT, slope).to(W_dec.dtype), rows, norm),
    )
    return found, slope, d_code


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
    c, error, _, d_code = _backward_to_code(
        W_enc.to(matmul), write, b_enc, alpha, inputs, reduction, ks
    )
    gradient = torch.bmm(d_code.mT, inputs).to(W_enc.dtype)
    return Gradient(gradient, d_code.to(b_enc.dtype).sum(dim=1, keepdim=True), c, error)


def _through_norm(gradient: Tensor, rows: Tensor, norm: Tensor) -> Tensor:
    """Gradient in free rows from that in their unit rows: only what turns a row survives."""
    radial = (gradient * rows).sum(dim=-1, keepdim=True)
    return gradient.addcmul_(radial, rows, value=-1).div_(norm)


def _backward_to_code(
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
