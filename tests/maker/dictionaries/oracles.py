"""The equations once more, slowly, in float64 NumPy, and derivatives from differences.

Nothing here imports the package: each function is written from the paper or from a docstring.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def unit_rows(W_enc: Array) -> Array:
    """f_i = W_i / |W_i|."""
    return np.stack([row / np.sqrt((row**2).sum()) for row in W_enc])


def relu_codes(W_enc: Array, b_enc: Array, x: Array) -> Array:
    """c_bi = max(0, sum_j M_ij x_bj + b_i)."""
    n, d = W_enc.shape
    return np.array(
        [
            [max(0.0, sum(W_enc[i, j] * row[j] for j in range(d)) + b_enc[i]) for i in range(n)]
            for row in x
        ]
    )


def keep_largest(c: Array, k: int) -> Array:
    """All but the k largest entries of each row set to zero."""
    kept = np.zeros_like(c)
    for b, row in enumerate(c):
        for i in sorted(range(len(row)), key=lambda i: -row[i])[:k]:
            kept[b, i] = row[i]
    return kept


def reconstruction(W_dec: Array, c: Array) -> Array:
    """x_hat_b = sum_i c_bi f_i."""
    return np.array([sum(v * f for v, f in zip(row, W_dec, strict=True)) for row in c])


def squared_error(x: Array, x_hat: Array) -> float:
    """mean_{b,j} (x_bj - x_hat_bj)^2."""
    batch, d = x.shape
    return sum((x[b, j] - x_hat[b, j]) ** 2 for b in range(batch) for j in range(d)) / (batch * d)


def sparsity(c: Array) -> float:
    """mean_b sum_i |c_bi|."""
    return sum(abs(entry) for row in c for entry in row) / len(c)


def tied_loss(W_enc: Array, b_enc: Array, alpha: float, x: Array) -> float:
    """Equation 4 with the mean over coordinates, of the autoencoder with rows W / |W|."""
    rows = W_enc / np.sqrt((W_enc**2).sum(axis=1, keepdims=True))
    return frozen_decoder_loss(rows, b_enc, alpha, x, rows)


def largest(c: Array, k: int) -> Array:
    """Codes of one token but for its k largest, which stay, set to zero."""
    kept = np.zeros_like(c)
    for index in sorted(range(len(c)), key=lambda i: c[i])[len(c) - k :]:
        kept[index] = c[index]
    return kept


def frozen_decoder_loss(
    W_enc: Array, b_enc: Array, alpha: float, x: Array, W_dec: Array, k: int = 0
) -> float:
    """The same loss with an encoder of its own; with `k` only the largest codes are kept."""
    c = np.maximum(0, x @ W_enc.T + b_enc)
    c = np.array([largest(of_token, k) for of_token in c]) if k else c
    return float(((c @ W_dec - x) ** 2).mean() + alpha * np.abs(c).sum(axis=1).mean())


def differences(function: Callable[[Array], float], at: Array, step: float = 1e-6) -> Array:
    """Central differences of a scalar function, one coordinate after the other."""
    slope = np.zeros_like(at)
    for index in np.ndindex(*at.shape):
        ahead, behind = at.copy(), at.copy()
        ahead[index] += step
        behind[index] -= step
        slope[index] = (function(ahead) - function(behind)) / (2 * step)
    return slope


def tied_slope(W_enc: Array, b_enc: Array, alpha: float, x: Array) -> tuple[Array, Array]:
    """Gradient of `tied_loss`, token by token, by the chain rule through W / |W|."""
    norm = np.sqrt((W_enc**2).sum(axis=1))
    rows = W_enc / norm[:, None]
    in_rows, in_bias = np.zeros_like(W_enc), np.zeros_like(b_enc)
    for token in x:
        c = np.maximum(0, rows @ token + b_enc)
        outer = 2 * (c @ rows - token) / x.size
        inner = np.where(c > 0, rows @ outer + alpha / len(x), 0)
        in_rows += np.outer(c, outer) + np.outer(inner, token)
        in_bias += inner
    turning = [
        (np.eye(len(row)) - np.outer(row, row)) @ slope / length
        for row, slope, length in zip(rows, in_rows, norm, strict=True)
    ]
    return np.array(turning), in_bias


def frozen_decoder_slope(
    W_enc: Array, b_enc: Array, alpha: float, x: Array, W_dec: Array, k: int = 0
) -> tuple[Array, Array]:
    """Gradient of `frozen_decoder_loss` in the encoder, token by token."""
    in_weight, in_bias = np.zeros_like(W_enc), np.zeros_like(b_enc)
    for token in x:
        c = np.maximum(0, W_enc @ token + b_enc)
        c = largest(c, k) if k else c
        outer = 2 * (c @ W_dec - token) / x.size
        inner = np.where(c > 0, W_dec @ outer + alpha / len(x), 0)
        in_weight += np.outer(inner, token)
        in_bias += inner
    return in_weight, in_bias


def standard_loss(
    W_enc: Array, b_enc: Array, alpha: float, x: Array, W_dec: Array, b_dec: Array
) -> float:
    """The same loss with unit rows of the decoder, of tokens from which its bias is taken off."""
    return frozen_decoder_loss(W_enc, b_enc, alpha, x - b_dec, unit_rows(W_dec))


def standard_slope(
    W_enc: Array, b_enc: Array, alpha: float, x: Array, W_dec: Array, b_dec: Array
) -> tuple[Array, Array, Array, Array]:
    """Gradient of `standard_loss` in encoder, bias, decoder and its bias, token by token."""
    norm = np.sqrt((W_dec**2).sum(axis=1))
    rows = W_dec / norm[:, None]
    in_weight, in_bias = np.zeros_like(W_enc), np.zeros_like(b_enc)
    in_rows, in_centre = np.zeros_like(W_dec), np.zeros_like(b_dec)
    for token in x - b_dec:
        c = np.maximum(0, W_enc @ token + b_enc)
        outer = 2 * (c @ rows - token) / x.size
        inner = np.where(c > 0, rows @ outer + alpha / len(x), 0)
        in_weight += np.outer(inner, token)
        in_bias += inner
        in_rows += np.outer(c, outer)
        in_centre += outer - inner @ W_enc
    turning = [
        (np.eye(len(row)) - np.outer(row, row)) @ slope / length
        for row, slope, length in zip(rows, in_rows, norm, strict=True)
    ]
    return in_weight, in_bias, np.array(turning), in_centre


def risen(step: int, share: Fraction, n_steps: int) -> float:
    """How much of a penalty is in force at a step that rises evenly over a share of all steps."""
    rising = share * n_steps
    return 1.0 if step + 1 >= rising else float((step + 1) / rising)


def shortened(gradients: Sequence[Array], longest: float) -> list[Array]:
    """The gradients of one autoencoder, scaled down together if they are longer than `longest`."""
    length = np.sqrt(sum(float(entry) ** 2 for g in gradients for entry in g.ravel()))
    return [g * longest / length if length > longest else g for g in gradients]


class Adam:
    """Algorithm 1 of Kingma & Ba (2015), with a step size for each step."""

    def __init__(self, beta1: float, beta2: float, eps: float) -> None:
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.t, self.m, self.v = 0, 0.0, 0.0

    def moved(self, parameter: Array, gradient: Array, lr: float) -> Array:
        """The parameter after one more step."""
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * gradient
        self.v = self.beta2 * self.v + (1 - self.beta2) * gradient**2
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        return parameter - lr * m_hat / (np.sqrt(v_hat) + self.eps)


def fvu(x: Array, x_hat: Array) -> float:
    """sum_b |x_b - x_hat_b|^2 / sum_b |x_b - mean|^2."""
    mean = sum(x) / len(x)
    left = sum(((row - made) ** 2).sum() for row, made in zip(x, x_hat, strict=True))
    return left / sum(((row - mean) ** 2).sum() for row in x)


def best_total_cosine(a: Array, b: Array) -> float:
    """Largest sum of cosines over every way to pair the rows of the smaller set, by trying all."""
    few, many = (a, b) if len(a) <= len(b) else (b, a)
    return max(
        sum(float(few[i] @ many[j]) for i, j in enumerate(chosen))
        for chosen in permutations(range(len(many)), len(few))
    )


def near_copies(rows: Array, threshold: float) -> tuple[int, int]:
    """Rows that have another above the threshold, and unordered pairs above it."""
    pairs = [
        pair for pair in combinations(range(len(rows)), 2)
        if rows[pair[0]] @ rows[pair[1]] > threshold
    ]  # fmt: skip
    return len({i for pair in pairs for i in pair}), len(pairs)


def least_squares(rows: Array, x: Array) -> tuple[float, float]:
    """min over v of |x - v F|^2, and |v|^2 of the shortest v that attains it."""
    if len(rows) == 0:
        return float((x**2).sum()), 0.0
    v = np.linalg.lstsq(rows.T, x, rcond=None)[0]
    return float(((x - v @ rows) ** 2).sum()), float((v**2).sum())


def best_sparse_error(basis: Array, x: Array, k: int) -> float:
    """Least squared error with any k rows of an orthonormal basis, by trying all."""
    return min(
        least_squares(basis[list(chosen)], x)[0] for chosen in combinations(range(len(basis)), k)
    )


def removal_costs(rows: Array, c: Array, x: Array) -> Array:
    """Squared error of the reconstruction without each unit, less that with all of them."""

    def error(codes: Array) -> float:
        return float(
            sum(((token - code @ rows) ** 2).sum() for token, code in zip(x, codes, strict=True))
        )

    without = [np.where(np.arange(len(rows)) == i, 0.0, c) for i in range(len(rows))]
    return np.array([error(codes) - error(c) for codes in without])
