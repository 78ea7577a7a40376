"""Correlations over many sets of the same fragments, from sums over the tokens of each fragment."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

LEAST = 1e-12
"""Share of the squares below which a variance is the rounding of a constant."""


class Sums(NamedTuple):
    """What each fragment adds to the correlations of its activations with some predictions."""

    n_tokens: int
    """Tokens of a fragment."""
    of_truth: Float[np.ndarray, "2 fragment"]
    """Sums of a and of a^2, a counted from its mean over all fragments."""
    of_predicted: Float[np.ndarray, "3 prediction fragment"]
    """Sums of b, of b^2 and of a b."""


def sums_of(
    truth: Float[np.ndarray, "fragment token"],
    predicted: Float[np.ndarray, "prediction fragment token"],
) -> Sums:
    """The sums of each fragment."""
    a = truth.astype(float)
    a -= a.mean()
    squares = np.einsum("pft,pft->pf", predicted, predicted)
    products = np.einsum("ft,pft->pf", a, predicted)
    return Sums(
        n_tokens=truth.shape[1],
        of_truth=np.stack([a.sum(axis=-1), np.einsum("ft,ft->f", a, a)]),
        of_predicted=np.stack([predicted.sum(axis=-1), squares, products]),
    )


def pooled(
    sums: Sums, is_in: Float[np.ndarray, "set fragment"]
) -> Float[np.ndarray, "prediction set"]:
    """`case.correlation` of each prediction over the tokens of each set of fragments.

        (S_ab - S_a S_b / n) / sqrt((S_aa - S_a^2 / n) (S_bb - S_b^2 / n))

    A set is a row of ones and zeros, so it costs a few sums whatever the length of a fragment.
    """
    n = sums.n_tokens * is_in.sum(axis=1)
    a, aa = sums.of_truth @ is_in.T
    b, bb, ab = sums.of_predicted @ is_in.T
    of_truth, of_predicted = aa - a * a / n, bb - b * b / n
    varies, counts = of_predicted > LEAST * bb, of_truth > LEAST * aa
    size = np.sqrt(np.where(counts, of_truth, np.nan) * np.where(varies, of_predicted, 1.0))
    return np.where(varies, ab - a * b / n, 0.0) / size
