"""Trained dictionaries with a known fault: dead units, copied units."""

import torch
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary


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
