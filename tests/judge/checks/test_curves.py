"""Interpolation in ln x: exact on parabolas, and blind to how densely a curve was sampled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.judge.checks.curves import common_means, heights_at

numbers = st.floats(-3, 3)


@given(numbers, numbers, numbers, st.integers(3, 8))
def test_a_parabola_is_recovered_exactly(a, b, c, n):
    x = np.linspace(1.0, 6.0, n) ** 1.2
    at = np.linspace(x[0], x[-1], 40)
    assert heights_at(at, x, a + b * x + c * x**2) == pytest.approx(
        a + b * at + c * at**2, abs=1e-8
    )


def test_two_points_give_a_chord_and_coinciding_points_do_not_blow_up():
    assert heights_at(np.array([1.5]), np.array([1.0, 2.0]), np.array([0.0, 4.0])) == [2.0]
    x, y = np.array([1.0, 1.0, 2.0]), np.array([0.0, 1.0, 3.0])
    assert np.isfinite(heights_at(np.array([1.0, 1.5, 2.0]), x, y)).all()


def test_points_a_millionth_apart_still_have_a_slope_between_them():
    near, y = np.array([0.0, 1e-6, 2e-6]), np.array([0.0, 1.0, 4.0])
    assert heights_at(np.array([0.5e-6]), near, y) == pytest.approx([0.25])
    assert heights_at(np.array([0.25e-6]), near / 2, y) == pytest.approx([0.5]), "a chord"


def test_the_mean_is_that_of_sixteen_even_points():
    x = np.linspace(0.0, 1.0, 5)[None]
    grid = np.linspace(0.0, 1.0, 16)
    assert common_means([(x, x**2), (x, x)])[0] == pytest.approx([np.mean(grid**2), 0.5])


@pytest.mark.parametrize("points", [2, 5])
def test_many_lines_of_two_points_or_with_a_doubled_one_are_each_as_if_alone(points: int):
    draw = np.random.default_rng(points)
    shifts = np.array([[0.0], [0.0], [5.0], [5.0]])
    x = np.sort(draw.uniform(0, 4, (4, points)), axis=1) + shifts
    if points > 2:
        x[1, 2] = x[1, 1]
    y = draw.normal(size=x.shape)
    other = (x, np.cos(x))
    together = common_means([(x, y), other])
    alone = [common_means([(x[[i]], y[[i]]), (x[[i]], np.cos(x[[i]]))])[0] for i in range(4)]
    assert together == pytest.approx(np.array(alone))


def test_a_bent_curve_equals_itself_however_many_points_it_is_sampled_at():
    """With chords the coarse curve would lie 0.04 lower: twice the smallest effect of a claim."""

    def curve(n: int) -> tuple[np.ndarray, np.ndarray]:
        x = np.linspace(2.0, 5.0, n)[None]
        return x, -0.15 * x**2 + 0.01 * x**3

    coarse, dense = common_means([curve(3), curve(9)])[0]
    assert coarse == pytest.approx(dense, abs=0.005)
