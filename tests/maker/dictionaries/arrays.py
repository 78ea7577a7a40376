"""Hypothesis strategies for activations, dictionaries and stacks."""

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary, tied, unit_rows


def normal(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Gaussian numbers from an explicit seed; hypothesis draws the seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def order(seed: int, n: int) -> Tensor:
    """A permutation of n things."""
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def rotation(seed: int, d: int) -> Tensor:
    """An orthogonal matrix."""
    return torch.linalg.qr(normal(seed, d, d)).Q


def numpy(*tensors: Tensor) -> list[np.ndarray]:
    """Float64 arrays for the oracles."""
    return [tensor.double().numpy() for tensor in tensors]


seeds = st.integers(0, 2**31 - 1)
sizes = st.integers(2, 9)
scales = st.floats(1e-3, 1e3)


@st.composite
def dictionaries(draw: st.DrawFn) -> tuple[Dictionary, Tensor]:
    """A tied dictionary and activations of its dimension."""
    d_in, d_sae, batch, seed = draw(sizes), draw(sizes), draw(sizes), draw(seeds)
    return (
        tied(normal(seed, d_sae, d_in), 0.3 * normal(seed + 1, d_sae)),
        normal(seed + 2, batch, d_in),
    )


@st.composite
def any_dictionaries(draw: st.DrawFn) -> tuple[Dictionary, Tensor]:
    """A dictionary with any rule, tied or not, and activations of its dimension."""
    one, x = draw(dictionaries())
    if draw(st.booleans()):
        one = one._replace(W_enc=normal(draw(seeds), *one.W_dec.shape))
    activation = draw(st.sampled_from(["relu", "topk", "linear"]))
    k = draw(st.integers(1, len(one.b_enc))) if activation == "topk" else 0
    return one._replace(activation=activation, k=k), x


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Free rows, biases and alphas of a few members, activations, and frozen unit rows."""
    n, d_in, d_sae, batch = draw(st.integers(1, 3)), draw(sizes), draw(sizes), draw(sizes)
    alphas, seed = draw(st.lists(st.floats(0, 2), min_size=n, max_size=n)), draw(seeds)
    return (
        normal(seed, n, d_sae, d_in),
        0.3 * normal(seed + 1, n, 1, d_sae),
        torch.tensor(alphas, dtype=torch.float64).view(-1, 1, 1),
        normal(seed + 2, batch, d_in),
        unit_rows(normal(seed + 3, d_sae, d_in)),
    )
