"""Refitting is least squares on the active rows, and gives back what a penalty took."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from repro.maker.dictionaries.model import Dictionary, decode, encode, tied
from repro.maker.dictionaries.refit import JITTER, refit_squared_error
from tests.maker.dictionaries import oracles
from tests.maker.dictionaries.arrays import (
    any_dictionaries,
    dictionaries,
    normal,
    numpy,
    order,
    rotation,
    scales,
    seeds,
    sizes,
)


def solved(dictionary: Dictionary, x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """The oracle's error, and how far above it the jitter on the diagonal may end."""
    rows, tokens, codes = numpy(dictionary.W_dec, x, c)
    pairs = [oracles.least_squares(rows[code != 0], token)
             for token, code in zip(tokens, codes, strict=True)]  # fmt: skip
    error, squares = torch.tensor(pairs, dtype=torch.float64).unbind(1)
    return error, JITTER * squares + 1e-9


@given(any_dictionaries())
def test_refit_is_least_squares_on_the_active_rows(case):
    dictionary, x = case
    c = encode(dictionary, x)
    found = refit_squared_error(dictionary, x, c)
    least, above = solved(dictionary, x, c)
    assert bool((found >= least - 1e-9).all())
    assert bool((found <= least + above).all())


@given(any_dictionaries())
def test_refit_never_raises_the_error(case):
    dictionary, x = case
    c = encode(dictionary, x)
    before = (x - decode(dictionary, c)).square().sum(1)
    bound = before + JITTER * c.square().sum(1) + 1e-12
    assert bool((refit_squared_error(dictionary, x, c) <= bound).all())


@given(dictionaries(), scales)
def test_only_the_active_set_counts_and_not_its_strengths(case, scale):
    dictionary, x = case
    c = encode(dictionary, x)
    again = refit_squared_error(dictionary, x, scale * c)
    assert torch.equal(again, refit_squared_error(dictionary, x, c))


@given(dictionaries(), scales, seeds)
def test_refit_scales_squared_and_does_not_see_order_or_orientation(case, scale, seed):
    dictionary, x = case
    c = encode(dictionary, x)
    found = refit_squared_error(dictionary, x, c)
    assert_close(refit_squared_error(dictionary, scale * x, c), scale**2 * found)
    moved, turn = order(seed, len(dictionary.b_enc)), rotation(seed, x.shape[1])
    other = dictionary._replace(W_dec=(dictionary.W_dec @ turn)[moved])
    assert_close(refit_squared_error(other, x @ turn, c[:, moved]), found, atol=1e-8, rtol=1e-6)


@given(dictionaries(), st.integers(0, 8))
def test_one_more_active_feature_never_hurts(case, index):
    dictionary, x = case
    c = encode(dictionary, x)
    more = c.clone()
    more[:, index % c.shape[1]] = 1.0
    after = refit_squared_error(dictionary, x, more)
    least, above = solved(dictionary, x, c)
    assert bool((after <= least + above).all())


@given(seeds, sizes, st.floats(0.01, 0.5))
def test_refit_undoes_planted_shrinkage(seed, d_in, shrinkage):
    """Orthonormal features of strength 1 or more, each code too small by the same amount."""
    rows = rotation(seed, d_in)
    one = tied(rows, torch.full((d_in,), -shrinkage, dtype=torch.float64))
    strengths = (1 + normal(seed + 1, 5, d_in).abs()) * (normal(seed + 2, 5, d_in) > 0)
    x = strengths @ rows
    c = encode(one, x)
    before = (x - decode(one, c)).square().sum(1)
    assert_close(before, (strengths > 0).double().sum(1) * shrinkage**2)
    after = refit_squared_error(one, x, c)
    assert_close(after, torch.zeros_like(after), atol=1e-9, rtol=0)


def test_copies_of_a_row_do_not_break_the_solution():
    one = tied(torch.eye(3)[[0, 0, 1]], torch.zeros(3))
    x = torch.tensor([[2.0, 3.0, 4.0]])
    assert_close(refit_squared_error(one, x, torch.ones(1, 3)), torch.tensor([16.0]).double())


@given(dictionaries())
def test_a_token_that_is_not_a_number_keeps_no_error_that_is_one(case):
    dictionary, x = case
    c = encode(dictionary, x)
    x[0, 0] = torch.nan
    found = refit_squared_error(dictionary, x, c)
    assert found[0].isnan()
    assert found[1:].isfinite().all()
