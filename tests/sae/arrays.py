"""Hypothesis strategies for activations, dictionaries and stacks."""

import torch
from hypothesis import strategies as st
from torch import Tensor

from repro.sae.model import Dictionary, tied


def normal(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Gaussian numbers from an explicit seed; hypothesis draws the seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


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
