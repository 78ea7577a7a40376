"""Principal and independent components: how they are fitted."""

import warnings
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary


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
