"""The decompositions that a trained dictionary is compared with, as dictionaries themselves."""

import warnings
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary, decode, encode, unit_rows


def principal_components(x: Float[Tensor, "batch d_in"]) -> Float[Tensor, "d_in d_in"]:
    """Principal directions of centred activations as unit rows, by falling variance.

    Paper: section 3.2 compares with PCA. The covariance route of scikit-learn is exact, needs one
    pass and no copy of the rows, which are left as they are (but for rounding, already centred).
    """
    from sklearn.decomposition import PCA

    fitted = PCA(svd_solver="covariance_eigh", copy=False).fit(x.numpy())
    return torch.from_numpy(fitted.components_).to(x.dtype).contiguous()


def independent_components(
    x: Float[Tensor, "batch d_in"], iterations: int, seed: int
) -> Dictionary:
    """Independent components: c = W x with W of FastICA (scikit-learn), features the columns of A.

    x = A c exactly, because as many components as coordinates are kept. At most `iterations` steps:
    the components at that point are a basis all the same, converged or not.
    """
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted: Any = FastICA(
            whiten="unit-variance", max_iter=iterations, random_state=seed, tol=1e-3
        ).fit(x.double().numpy())  # in single precision the decorrelation breaks down
    read = torch.from_numpy(fitted.components_).to(x.dtype).contiguous()
    write = torch.from_numpy(fitted.mixing_.T).to(x.dtype).contiguous()
    return Dictionary(read, torch.zeros(len(read)), write, "linear", len(read))


def static(rows: Float[Tensor, "d_in d_in"], k: int) -> Dictionary:
    """The first k orthonormal rows for every token (static PCA): c = V_k x."""
    kept = rows[:k].contiguous()
    return Dictionary(kept, torch.zeros(k), kept, "linear", k)


def signed_topk(rows: Float[Tensor, "n d_in"], k: int) -> Dictionary:
    """Both signs of each row, of which each token keeps the k largest.

    Paper: appendix G (PCA top-k): +-directions, largest signed scores, ReLU. With orthonormal rows
    these are the k largest absolute coordinates, the best k-sparse code in that basis.
    """
    both = torch.cat([rows, -rows])
    return Dictionary(both, torch.zeros(len(both)), both, "topk", k)


def neurons(d_in: int) -> Float[Tensor, "d_in d_in"]:
    """The coordinates of the residual stream themselves ("default basis" of the paper)."""
    return torch.eye(d_in)


def random_topk(
    d_in: int, d_sae: int, k: int, seed: int, sample: Float[Tensor, "batch d_in"]
) -> Dictionary:
    """A random unit dictionary of equal size, top-k codes, and the one gain that serves it best.

    Rows that are not orthogonal overshoot when their projections are added, so the encoder is
    scaled by g = <x, x_hat> / <x_hat, x_hat> on `sample` (least squares); without it the baseline
    would lose for a trivial reason.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = unit_rows(torch.randn(d_sae, d_in, generator=generator))
    plain = Dictionary(rows, torch.zeros(d_sae), rows, "topk", k)
    x_hat = decode(plain, encode(plain, sample))
    gain = (sample * x_hat).sum() / x_hat.square().sum()
    return plain._replace(encoder=rows * gain)


def random_dictionary(d_in: int, d_sae: int, seed: int) -> Float[Tensor, "d_sae d_in"]:
    """Random unit rows: the null of duplicates and of matching."""
    generator = torch.Generator().manual_seed(seed)
    return unit_rows(torch.randn(d_sae, d_in, generator=generator))


def with_frozen_units(dictionary: Dictionary, share: float) -> Dictionary:
    """The same dictionary with the first `share` of its units silenced: dead by construction."""
    bias = dictionary.bias.clone()
    bias[: round(share * len(bias))] = -torch.finfo(bias.dtype).max / 4
    return dictionary._replace(bias=bias)


def with_copied_units(dictionary: Dictionary, share: float) -> Dictionary:
    """The same dictionary with its last units overwritten by copies of its first ones."""
    count = round(share * len(dictionary.bias))

    def copied(tensor: Tensor) -> Tensor:
        out = tensor.clone()
        out[len(out) - count :] = tensor[:count]
        return out

    return dictionary._replace(
        encoder=copied(dictionary.encoder),
        bias=copied(dictionary.bias),
        decoder=copied(dictionary.decoder),
    )
