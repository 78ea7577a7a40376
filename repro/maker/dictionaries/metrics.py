"""What is measured of a dictionary; each formula stands here and nowhere else."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from repro.errors import DegenerateInputError


class TokenSums(NamedTuple):
    """Additive quantities, one value a token; any ratio of their sums is exact on any subset."""

    active: Float[Tensor, " batch"]
    """Number of non-zero code entries (L0)."""
    code_l1: Float[Tensor, " batch"]
    """sum_i |c_i|."""
    squared_error: Float[Tensor, " batch"]
    """sum_j (x_j - x_hat_j)^2."""
    variance: Float[Tensor, " batch"]
    """sum_j (x_j - mean_j)^2."""
    squared_error_normalised: Float[Tensor, " batch"]
    """sum_j (x_j - x_hat_j)^2 / variance_j."""
    variance_normalised: Float[Tensor, " batch"]
    """sum_j (x_j - mean_j)^2 / variance_j."""
    x_dot_reconstruction: Float[Tensor, " batch"]
    """<x, x_hat>."""
    reconstruction_dot_reconstruction: Float[Tensor, " batch"]
    """<x_hat, x_hat>."""


class Moments(NamedTuple):
    """Mean and variance of each coordinate over the held-out sample."""

    mean: Float[Tensor, " d_in"]
    """Mean of the sample."""
    variance: Float[Tensor, " d_in"]
    """Variance of the sample (divided by n)."""


def moments_of(x: Float[Tensor, "batch d_in"]) -> Moments:
    """Mean and variance of each coordinate.

    Raises:
        DegenerateInputError: a coordinate does not vary, so no normalised error exists.
    """
    variance, mean = torch.var_mean(x.double(), dim=0, correction=0)
    unfit = ~(variance > 0)  # NaN compares false, so it counts here
    if bool(unfit.any()):
        raise DegenerateInputError(
            f"{int(unfit.sum())} coordinates of the held-out activations do not vary or are NaN",
            expected="finite activations that vary in every coordinate",
            mend="raise tokenize.heldout_tokens in params.yaml",
        )
    return Moments(mean.to(x.dtype), variance.to(x.dtype))


def token_sums(
    x: Float[Tensor, "batch d_in"],
    c: Float[Tensor, "batch d_sae"],
    x_hat: Float[Tensor, "batch d_in"],
    moments: Moments,
) -> TokenSums:
    """The additive quantities behind FVU, L0 and shrinkage.

    Paper: FVU and L0 as in the authors' `standard_metrics`: FVU = E(x - x_hat)^2 / E(x - mean)^2
    with the mean of the sample, all coordinates pooled. The normalised pair divides each coordinate
    by its own variance first, because a few coordinates of a language model carry most of it; not
    in the paper.
    Reduction: sums over coordinates or features of one token; nothing is averaged.
    """
    error = (x - x_hat).square()
    deviation = (x - moments.mean).square()
    return TokenSums(
        active=(c != 0).sum(dim=-1).to(x.dtype),
        code_l1=c.abs().sum(dim=-1),
        squared_error=error.sum(dim=-1),
        variance=deviation.sum(dim=-1),
        squared_error_normalised=(error / moments.variance).sum(dim=-1),
        variance_normalised=(deviation / moments.variance).sum(dim=-1),
        x_dot_reconstruction=(x * x_hat).sum(dim=-1),
        reconstruction_dot_reconstruction=x_hat.square().sum(dim=-1),
    )


def fvu(x: Float[Tensor, "batch d_in"], x_hat: Float[Tensor, "batch d_in"]) -> Float[Tensor, ""]:
    """Fraction of variance unexplained: sum (x - x_hat)^2 / sum (x - mean)^2.

    Paper: appendix B, figure 6, as in the authors' `standard_metrics`.
    Reduction: ratio of two sums over the whole batch and all coordinates, not a mean of ratios.
    Unit: none. 0 is perfect, 1 is predicting the mean, above 1 is possible.

    Raises:
        DegenerateInputError: all rows of `x` are equal.
    """
    variance = (x - x.mean(dim=0)).square().sum()
    if not variance > 0:
        raise DegenerateInputError(
            "all activations are equal, so FVU is 0 / 0",
            expected="activations that vary",
            mend="measure on more than one distinct activation",
        )
    return (x - x_hat).square().sum() / variance


def l0(c: Float[Tensor, "batch d_sae"]) -> Float[Tensor, ""]:
    """Mean number of non-zero code entries a token.

    Paper: sum over features of the fraction of samples with c_k != 0 (authors' `standard_metrics`).
    Reduction: count over features, mean over the batch.
    """
    return (c != 0).sum(dim=-1).to(c.dtype).mean()


class Liveness(NamedTuple):
    """How many features fire at all, enough, and too often."""

    is_alive: Bool[Tensor, " d_sae"]
    """Features with more than `alive_firings` non-zero activations."""
    n_silent: int
    """Features that never fire."""
    n_dense: int
    """Features that fire on more than `dense_share` of the tokens."""


def liveness(
    firings: Int[Tensor, " d_sae"], n_tokens: int, *, alive_firings: int, dense_share: float
) -> Liveness:
    """Classify features by how often they fired on `n_tokens` tokens.

    Paper: appendix E; alive is "more than 10 non-zero activations" in the authors' code. The rule
    depends on the number of tokens, which is therefore always reported beside it.
    """
    return Liveness(
        is_alive=firings > alive_firings,
        n_silent=int((firings == 0).sum()),
        n_dense=int((firings > dense_share * n_tokens).sum()),
    )


def removal_cost(
    rows: Float[Tensor, "d_sae d_in"],
    c: Float[Tensor, "batch d_sae"],
    error: Float[Tensor, "batch d_in"],
) -> Float[Tensor, " d_sae"]:
    """What the removal of each feature alone adds to the squared error; `error` is x - x_hat.

        sum_b |error_b + c_bi f_i|^2 - |error_b|^2 = sum_b c_bi (2 <error_b, f_i> + c_bi |f_i|^2)

    Not in the paper, whose notion of a living feature (it fires) also holds for one that adds
    nothing. Negative where the reconstruction is better without the feature.
    Reduction: sum over the batch.
    """
    return (c * (2 * error @ rows.T + c * rows.square().sum(dim=1))).sum(dim=0)


class Use(NamedTuple):
    """How many features a dictionary really has."""

    n_frequent: int
    """Features that fire on at least `frequent_share` of the tokens."""
    n_effective: int
    """Features whose removal costs at least `effective_share` of an even share of what all do."""


def use_of(
    firings: Int[Tensor, " d_sae"],
    removal: Float[Tensor, " d_sae"],
    sums: TokenSums,
    n_tokens: int,
    *,
    frequent_share: float,
    effective_share: float,
) -> Use:
    """Count features that are used, by firing and by effect.

        effective: removal_i >= effective_share (sum variance - sum squared_error) / d_sae

    Not in the paper. A dictionary that has collapsed keeps hundreds of units that fire now and
    then, just above zero, and could go without a loss: alive, but none of its means.
    """
    explained = float(sums.variance.sum() - sums.squared_error.sum())
    even_share = explained / len(removal)
    return Use(
        n_frequent=int((firings >= frequent_share * n_tokens).sum()),
        n_effective=int((removal >= effective_share * even_share).sum()) if explained > 0 else 0,
    )


class Duplicates(NamedTuple):
    """Near-copies among the rows of a decoder."""

    n_features: int
    """Rows with at least one other row above the threshold."""
    n_pairs: int
    """Unordered pairs above the threshold."""


def duplicates(rows: Float[Tensor, "d_sae d_in"], threshold: float) -> Duplicates:
    """Count rows of unit norm that have a near-copy: cosine above `threshold`.

    Not in the paper; the counter-check is the same count in a random dictionary of equal size.
    Reduction: counts over rows and over unordered pairs of distinct rows.
    """
    near = (rows @ rows.T > threshold).fill_diagonal_(False)
    return Duplicates(int(near.any(dim=1).sum()), int(near.sum()) // 2)


def nearest_cosines(a: Float[Tensor, "n d_in"], b: Float[Tensor, "m d_in"]) -> Float[Tensor, " n"]:
    """Largest cosine of each row of `a` with any row of `b`; both have unit rows.

        max_j <a_i, b_j>;  its mean over i is MMCS (mean max cosine similarity)

    Paper: not in it; Sharkey et al. (2022), over the true features a. Several rows may share one
    partner, which is why it is reported beside the one-to-one matching and never decides.
    """
    return (a @ b.T).max(dim=1).values


def matched_cosines(
    a: Float[Tensor, "n d_in"], b: Float[Tensor, "m d_in"]
) -> Float[Tensor, " matched"]:
    """Cosines of the best one-to-one matching of two sets of unit rows (Hungarian algorithm).

        max over injective pi of sum_i <a_i, b_pi(i)>

    One-to-one, because matching each row to its nearest lets many rows share one partner.
    Paper: not in it; as in Paulo & Belrose (2025, arXiv 2501.16615).
    """
    from scipy.optimize import linear_sum_assignment

    cosines = a @ b.T
    rows, columns = linear_sum_assignment(cosines.double().cpu().numpy(), maximize=True)
    return cosines[torch.as_tensor(rows), torch.as_tensor(columns)]
