"""Correlations from sums of fragments are those over the tokens themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.interpret.case import correlation
from repro.maker.interpret.pooled import pooled, sums_of
from tests.examples import FEW


@FEW
@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(1e-3, 1e3))
def test_each_set_has_the_correlation_of_its_tokens(seed: int, shift: float, scale: float):
    rng = np.random.default_rng(seed)
    truth = shift + scale * rng.standard_normal((9, 5))
    predicted = scale * rng.standard_normal((3, 9, 5)) + 0.3 * (truth - shift)
    is_in = rng.random((4, 9)) < 0.6
    is_in[:, 0] = True
    found = pooled(sums_of(truth, predicted), is_in.astype(float))
    wanted = [[correlation(truth[s].ravel(), b[s].ravel()) for s in is_in] for b in predicted]
    assert found == pytest.approx(np.array(wanted), abs=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7e5])
def test_what_is_the_same_everywhere_has_no_score_and_predicts_nothing(value: float):
    rng = np.random.default_rng(0)
    varied, same = rng.standard_normal((4, 5)), np.full((4, 5), value)
    everywhere = np.ones((1, 4))
    assert np.isnan(pooled(sums_of(same, varied[None]), everywhere)).all()
    assert (pooled(sums_of(varied, same[None]), everywhere) == 0).all()


def test_activations_that_vary_elsewhere_alone_have_no_score():
    truth = np.array([[0.3, 0.3], [0.3, 0.3], [1.0, 2.0]])
    predicted = np.arange(6.0).reshape(1, 3, 2)
    only = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    found = pooled(sums_of(truth, predicted), only)[0]
    assert np.isnan(found[0])
    assert found[1] > 0.5
