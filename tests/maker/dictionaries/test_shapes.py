"""The shapes written in annotations are checked while tests run."""

import pytest
import torch
from jaxtyping import TypeCheckError

from repro.maker.dictionaries.loss import loss_terms
from repro.maker.dictionaries.metrics import fvu, matched_cosines
from repro.maker.dictionaries.model import encode, tied


def test_axes_of_one_name_must_be_of_one_length():
    with pytest.raises(TypeCheckError):
        fvu(torch.rand(4, 3), torch.rand(4, 1))
    with pytest.raises(TypeCheckError):
        matched_cosines(torch.eye(3), torch.eye(4))
    with pytest.raises(TypeCheckError):
        tied(torch.rand(5, 3), torch.zeros(1))


def test_a_missing_axis_is_refused_where_broadcasting_would_hide_it():
    with pytest.raises(TypeCheckError):
        loss_terms(torch.rand(4, 3), torch.rand(4, 3), torch.rand(1, 4, 5))
    with pytest.raises(TypeCheckError):
        encode(tied(torch.eye(3), torch.zeros(3)), torch.rand(3))


def test_whole_numbers_are_no_activations():
    with pytest.raises(TypeCheckError):
        encode(tied(torch.eye(3), torch.zeros(3)), torch.ones(2, 3, dtype=torch.int64))
