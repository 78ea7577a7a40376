"""Trained dictionaries with a known fault: dead units, copied units."""

import torch
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary


def with_frozen_units(dictionary: Dictionary, share: float) -> Dictionary:
    """The same dictionary with the first `share` of its units silenced: dead by construction."""
    b_enc = dictionary.b_enc.clone()
    b_enc[: round(share * len(b_enc))] = -torch.finfo(b_enc.dtype).max / 4
    return dictionary._replace(b_enc=b_enc)


def with_copied_units(dictionary: Dictionary, share: float) -> Dictionary:
    """The same dictionary with its last units overwritten by copies of its first ones."""
    count = round(share * len(dictionary.b_enc))

    def copied(tensor: Tensor) -> Tensor:
        out = tensor.clone()
        out[len(out) - count :] = tensor[:count]
        return out

    return dictionary._replace(
        W_enc=copied(dictionary.W_enc),
        b_enc=copied(dictionary.b_enc),
        W_dec=copied(dictionary.W_dec),
    )
