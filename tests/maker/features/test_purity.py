"""Purity: the share of the activation on tokens that were chosen on other documents."""

import numpy as np
import pytest

from repro.maker.features.purity import likeliest_tokens, purity


def test_the_tokens_that_hold_most_are_named_not_those_that_are_common():
    ids = np.array([7, 7, 7, 7, 3, 3, 5])
    a = np.array([0.1, 0.1, 0.1, -9.0, 2.0, 1.0, 5.0])
    assert likeliest_tokens(a, ids, 2).tolist() == [5, 3]
    assert likeliest_tokens(a, ids, 9).tolist() == [5, 3, 7]
    assert likeliest_tokens(-np.abs(a), ids, 2).tolist() == []


def test_purity_is_told_block_by_block_and_not_where_the_unit_is_silent():
    ids = np.array([1, 2, 1, 2, 1, 2])
    a = np.array([3.0, 1.0, 0.0, 2.0, -1.0, 0.0])
    block = np.array([0, 0, 1, 1, 2, 2])
    found = purity(a, ids, block, np.array([1]))
    assert found[:2] == pytest.approx([0.75, 0.0])
    assert np.isnan(found[2])


def test_a_unit_of_one_token_is_pure_and_a_dense_one_is_not():
    rng = np.random.default_rng(0)
    ids, block = rng.integers(0, 50, 4000), np.repeat([0, 1], 2000)
    single, dense = (ids == 9) * rng.random(4000), rng.random(4000)
    for a, low, high in ((single, 0.999, 1.0), (dense, 0.0, 0.2)):
        some = likeliest_tokens(a[block == 0], ids[block == 0], 5)
        found = purity(a, ids, block, some)[1]
        assert low <= found <= high
