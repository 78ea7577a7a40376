"""The difference of means: a direction for each name."""

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary, unit_rows


def mean_differences(
    by_name: Float[Tensor, "names forms d_in"],
) -> Dictionary:
    """One direction a name: its mean activation less the mean over names (difference of means).

    Codes are the least-squares coordinates in the span of the directions, c = pinv(D^T) x, so an
    edit moves nothing outside it.
    """
    means = by_name.mean(dim=1)
    rows = unit_rows(means - means.mean(dim=0))
    read = torch.linalg.pinv(rows.double().T, rtol=1e-6).to(rows.dtype).contiguous()
    return Dictionary(read, torch.zeros(len(rows)), rows, "linear", len(rows))
