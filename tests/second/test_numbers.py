"""Sections 3 and 4: what is judged, and its noise, by hand."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from repro.second.curves import Curve, common_range, curve, interpolation_error, mean_height
from repro.second.measure import numbers_of
from repro.second.noise import Family, Number, jackknife, quantile
from repro.second.rows import Rows
from repro.second.stops import TooThin
from repro.spec import Dominates, Matched, Monotone, Ratio, Rival, Smooth
from tests.second.planted import MEAN, SCORES, SHARE, exceeds, of_method, rows, scores, shares

L0 = Ratio(name="L0", unit="1", over="active", under="n")
GRID = np.linspace(0.0, 3.0, 16)


def test_the_interval_of_a_mean_is_the_textbook_one():
    (number,) = numbers_of(exceeds(), scores(*SCORES))
    assert number.theta == 2.0
    assert number.half_width(0.05) == pytest.approx(2.7764451051977987 * math.sqrt(0.5), rel=1e-12)


def test_families_add_in_quadrature_each_with_its_own_quantile():
    one, two = Family(4.0, 1), Family(9.0, 2)
    found = Number(0.0, (one, two), 0.25).half_width(0.1)
    assert found == pytest.approx(0.25 + math.hypot(6.313751515 * 2.0, 2.919985580 * 3.0), rel=1e-9)


def test_a_group_that_leaves_nothing_out_has_one_degree_and_no_variance():
    assert jackknife([3.0]) == Family(0.0, 1)


def test_a_p_value_is_the_level_at_which_the_interval_just_reaches():
    number = Number(1.0, (Family(0.5, 2), Family(0.1, 19)), 0.2)
    for p in (0.9, 0.05, 1e-6, 1e-30):
        assert number.p_value(number.half_width(p)) == pytest.approx(p, rel=1e-9)
    assert number.p_value(0.2) == 1.0
    assert number.p_value(-3.0) == 1.0
    assert Number(1.0, (Family(0.0, 2),), 0.2).p_value(0.3) == 0.0
    assert Number(1.0, (Family(1e-30, 19),), 0.0).p_value(1e6) == pytest.approx(1e-100)


def test_one_degree_of_freedom_is_cauchys():
    p = Number(0.0, (Family(1.0, 1),), 0.0).p_value(1.0)
    assert p == pytest.approx(0.5, rel=1e-12)
    assert quantile(0.5, 1) == pytest.approx(1.0, rel=1e-12)


def test_curves_that_are_parabolas_are_recovered_without_error():
    def height(x: float) -> float:
        return 2.0 - x + 0.5 * x * x

    one = curve([(x, height(x)) for x in (3.0, 0.0, 1.0, 1.7)])
    assert mean_height(one, (0.0, 3.0)) == pytest.approx(np.mean([height(x) for x in GRID]))
    assert interpolation_error(one, (0.0, 3.0)) == pytest.approx(0.0, abs=1e-12)


def test_of_three_points_the_error_is_the_distance_from_straight_lines():
    one: Curve = [(0.0, 0.0), (1.0, 1.0), (3.0, 9.0)]
    lines = np.interp(GRID, [0.0, 1.0, 3.0], [0.0, 1.0, 9.0])
    assert mean_height(one, (0.0, 3.0)) == pytest.approx(np.mean(GRID**2))
    assert interpolation_error(one, (0.0, 3.0)) == pytest.approx(np.mean(lines) - np.mean(GRID**2))


def test_of_two_points_the_error_is_the_larger_distance_to_the_heights():
    one: Curve = [(0.0, 0.0), (4.0, 8.0)]
    assert mean_height(one, (0.0, 1.0)) == pytest.approx(1.0)
    assert interpolation_error(one, (0.0, 1.0)) == pytest.approx(7.0)


def test_two_points_that_are_as_good_as_one_make_straight_lines():
    one: Curve = [(0.0, 0.0), (1.0, 1.0), (1.0 + 1e-7, 1.0), (3.0, 9.0)]
    lines = np.interp(GRID, [0.0, 1.0, 3.0], [0.0, 1.0, 9.0])
    assert mean_height(one, (0.0, 3.0)) == pytest.approx(np.mean(lines), rel=1e-6)
    assert interpolation_error(one, (0.0, 3.0)) == 0.0


def test_between_points_runs_the_parabola_of_the_nearest_inner_point():
    """0 on the left, x (x - 1) on the right; the inner points are 0 and 1, as near from 0.5."""
    one: Curve = [(-1.0, 0.0), (0.0, 0.0), (1.0, 0.0), (2.0, 2.0)]
    left, right = mean_height(one, (-1.0, 0.5)), mean_height(one, (0.6, 2.0))
    assert left == pytest.approx(0.0)
    assert right == pytest.approx(np.mean([x * (x - 1.0) for x in np.linspace(0.6, 2.0, 16)]))
    second = np.mean([x * (x - 1.0) for x in np.linspace(-1.0, 0.5, 16)])
    assert interpolation_error(one, (-1.0, 0.5)) == pytest.approx(second)


def test_curves_without_a_common_range_are_not_compared():
    with pytest.raises(TooThin):
        common_range([[(0.0, 1.0), (1.0, 1.0)], [(2.0, 1.0), (3.0, 1.0)]])
    with pytest.raises(TooThin):
        common_range([[(0.5, 1.0)], [(0.0, 1.0), (3.0, 1.0)]])


def curves(height: Callable[[str, float], float], knobs: Sequence[float], *methods: str) -> Rows:
    """For each method a curve with ln x at the knobs, the same for each of three seeds."""
    points = [(m, seed, x) for m in methods for seed in range(3) for x in knobs]
    return rows(
        method=[m for m, _, _ in points],
        seed=[seed for _, seed, _ in points],
        alpha=[x for _, _, x in points],
        active=[math.exp(x) for _, _, x in points],
        score=[height(m, x) for m, _, x in points],
        n=[1] * len(points),
    )


def test_a_rival_is_above_ours_by_the_mean_gap_and_its_error_is_that_of_both_curves():
    def height(method: str, x: float) -> float:
        return x**3 + (1.0 if method == "pca" else 0.0)

    rule = Dominates(
        reads="planted", of=MEAN, where=of_method("sae"), clusters=("seed",), x=L0, knob="alpha",
        against=(Rival(name="PCA", where=of_method("pca"), knob="alpha"),), margin=0.0,
        min_clusters=1,
    )  # fmt: skip
    knobs = [0.0, 1.0, 2.5, 3.0]
    (number,) = numbers_of(rule, curves(height, knobs, "sae", "pca"))
    assert number.theta == pytest.approx(1.0)
    alone = interpolation_error([(x, height("sae", x)) for x in knobs], (0.0, 3.0))
    assert alone > 0.01
    assert number.error == pytest.approx(2.0 * alone)


def test_steps_of_matched_curves_are_signed_and_share_one_range():
    heights = {"a": 3.0, "b": 2.0, "c": 0.0}
    table = curves(lambda m, x: heights[m] + x**3, [0.0, 1.0, 2.0, 3.0], *heights)
    rule = Monotone(
        reads="planted", of=MEAN, where=(), clusters=("seed",), along="method",
        direction="falling", by="smallest_step", margin=0.0, matched=Matched(x=L0, knob="alpha"),
    )  # fmt: skip
    one, two = numbers_of(rule, table)
    assert (one.theta, two.theta) == (pytest.approx(1.0), pytest.approx(2.0))
    (mean,) = numbers_of(rule.model_copy(update={"by": "mean_step"}), table)
    assert mean.theta == pytest.approx(1.5)
    assert mean.error == pytest.approx(one.error / 2.0)


def test_one_value_makes_no_step():
    rule = Monotone(
        reads="planted", of=MEAN, where=(), clusters=("seed",), along="method",
        direction="rising", by="mean_step", margin=0.0,
    )  # fmt: skip
    with pytest.raises(TooThin, match="single value"):
        numbers_of(rule, scores(1.0, 2.0, 3.0))


SMOOTH = Smooth(
    reads="planted", of=MEAN, where=(), clusters=("seed",), x=L0, knob="alpha", margin=0.1,
    degree=1, min_points=3,
)  # fmt: skip


def test_distances_are_from_the_least_squares_polynomial():
    """A line through 0, 0, 0, 1 at 0, 1, 2, 3 has heights -0.2, 0.1, 0.4, 0.7."""
    table = curves(lambda _, x: float(x == 3.0), [0.0, 1.0, 2.0, 3.0], "sae")
    found = [number.theta for number in numbers_of(SMOOTH, table)]
    assert found == pytest.approx([0.2, -0.1, -0.4, 0.3])


def test_a_polynomial_needs_two_points_more_than_its_degree():
    table = curves(lambda _, x: x, [0.0, 1.0, 2.0, 3.0], "sae")
    with pytest.raises(TooThin, match="fewer than 5"):
        numbers_of(SMOOTH.model_copy(update={"degree": 3}), table)


SHARE_RULE = exceeds(reads="toy", of=SHARE)


def share_error(s: float, n: float) -> float:
    p = (s + 2.0) / (n + 4.0)
    return math.sqrt(p * (1.0 - p) / (n + 4.0))


def test_a_share_on_which_all_units_agree_keeps_the_noise_of_a_binomial_one():
    (number,) = numbers_of(SHARE_RULE, shares(10, 10, 10))
    assert number.theta == 1.0
    half = 4.302652729911275 * share_error(30.0, 30.0)
    assert number.half_width(0.05) == pytest.approx(half, rel=1e-9)


def test_less_and_over_add_in_quadrature_and_what_equals_the_whole_is_excepted():
    lost = Ratio(name="lost", unit="1", over="n_true", less="n_recovered", under="n_true")
    (number,) = numbers_of(exceeds(reads="toy", of=lost), shares(4, 4, 4))
    assert number.families[-1].variance == pytest.approx(share_error(12.0, 30.0) ** 2)
    assert number.families[-1].degrees == 2


def test_the_logarithm_of_a_share_moves_by_the_error_over_it():
    of = SHARE.model_copy(update={"scale": "log"})
    (number,) = numbers_of(exceeds(reads="toy", of=of), shares(5, 5, 5))
    assert number.families[-1].variance == pytest.approx((share_error(15.0, 30.0) / 0.5) ** 2)


@pytest.mark.parametrize(
    ("rule", "table"),
    [
        (SHARE_RULE, shares(10, 10, 9)),
        (SHARE_RULE.model_copy(update={"exact": "planted"}), shares(10, 10, 10)),
        (exceeds(reads="toy", of=SHARE.model_copy(update={"over": "cosine"})), shares(9, 9, 9)),
        (exceeds(), scores(1.0, 1.0, 1.0)),
    ],
    ids=["units differ", "exact, and says why", "no count", "not declared"],
)
def test_no_other_ratio_has_such_a_noise(rule: object, table: Rows):
    (number,) = numbers_of(rule, table)  # type: ignore[arg-type]
    assert len(number.families) == 1
