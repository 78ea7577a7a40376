"""Interpolation in ln x: exact on parabolas, and blind to how densely a curve was sampled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.judge.checks.curves import common_means, heights_at, interpolation_errors

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


def errors_of(x: np.ndarray, y: np.ndarray) -> float:
    whole = (np.array([[x[0], x[-1]]]), np.zeros((1, 2)))
    return float(interpolation_errors([(x[None], y[None]), whole])[0])


def mean_of(x: np.ndarray, y: np.ndarray) -> float:
    whole = (np.array([[x[0], x[-1]]]), np.zeros((1, 2)))
    return float(common_means([(x[None], y[None]), whole])[0, 0])


@given(numbers, numbers, numbers, st.integers(4, 8))
def test_a_parabola_of_four_points_or_more_is_interpolated_without_error(a, b, c, n):
    x = np.linspace(1.0, 6.0, n) ** 1.2
    assert errors_of(x, a + b * x + c * x**2) == pytest.approx(0.0, abs=1e-8)


@given(st.floats(-2, 2), st.integers(4, 9))
def test_the_error_of_a_cubic_is_told_to_its_order(c, n):
    x = np.linspace(0.0, 3.0, n)
    fine = np.linspace(0.0, 3.0, 16)
    truth = float((c * fine**3).mean())
    assert abs(mean_of(x, c * x**3) - truth) <= errors_of(x, c * x**3) + 1e-9


@given(st.floats(0.1, 4), st.floats(0, 5))
def test_two_points_allow_for_any_curve_that_goes_one_way_between_them(power, rise):
    """A curve may hug either end: the mean of x^p is near 0 or near 1 at extreme powers."""
    fine = np.linspace(0.0, 1.0, 16)
    x, y = np.array([0.0, 1.0]), np.array([0.0, rise])
    for bent in (rise * fine**power, rise * fine ** (1 / power), rise * (fine == 1), rise + 0 * x):
        assert abs(mean_of(x, y) - float(bent.mean())) <= errors_of(x, y) + 1e-12


def test_three_points_are_off_by_no_more_than_the_bend_that_they_show():
    x = np.array([0.0, 1.0, 2.0])
    y = np.exp(x)
    chords = float(np.interp(np.linspace(0, 2, 16), x, y).mean())
    assert errors_of(x, y) == pytest.approx(abs(mean_of(x, y) - chords))
    assert abs(mean_of(x, y) - float(np.exp(np.linspace(0, 2, 16)).mean())) < errors_of(x, y)
