"""Moments of activations against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.interpret.moments import kurtosis, skewness
from tests.examples import FEW


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
