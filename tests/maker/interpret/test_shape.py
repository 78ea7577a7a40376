"""Moments and entropy of activations against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from repro.maker.interpret.entropy import token_entropy
from repro.maker.interpret.moments import kurtosis, skewness
from tests.examples import FEW
from tests.maker.interpret.texts import firing_on, text_of

TEXT = text_of()


@FEW
@given(st.integers(0, 10_000))
def test_moments_are_about_zero_over_powers_of_the_variance(seed):
    a = np.random.default_rng(seed).gamma(1.0, size=(7, 5))
    values = a.ravel().tolist()
    mean = sum(values) / 35
    variance = sum((v - mean) ** 2 for v in values) / 35
    assert skewness(a) == pytest.approx(sum(v**3 for v in values) / 35 / variance**1.5)
    assert kurtosis(a) == pytest.approx(sum(v**4 for v in values) / 35 / variance**2)
    assert skewness(3 * a) == pytest.approx(skewness(a))


def test_what_never_varies_has_no_moments():
    assert skewness(np.zeros((2, 2))) == 0.0
    assert kurtosis(np.zeros((2, 2))) == 0.0


def test_one_token_has_no_entropy_and_n_alike_have_the_logarithm_of_n():
    assert token_entropy(firing_on(TEXT, " cat"), TEXT.ids) == 0.0
    ids = np.arange(6).reshape(2, 3)
    assert token_entropy(np.ones((2, 3)), ids) == pytest.approx(np.log(6))
    assert token_entropy(np.zeros((2, 3)), ids) == 0.0


@FEW
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_entropy_is_that_of_the_activation_a_token_gets(seed, scale):
    a = np.random.default_rng(seed).normal(size=TEXT.ids.shape)
    weight = {}
    for one, value in zip(TEXT.ids.ravel().tolist(), a.ravel().tolist(), strict=True):
        weight[one] = weight.get(one, 0.0) + max(value, 0.0)
    assert token_entropy(a, TEXT.ids) == pytest.approx(entropy(list(weight.values())))
    assert token_entropy(scale * a, TEXT.ids) == pytest.approx(token_entropy(a, TEXT.ids))
