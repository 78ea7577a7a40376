"""The curve and its two summaries, by hand and by law."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.ioi import known
from repro.maker.ioi.choose import effects, ranking
from repro.maker.ioi.curve import Point, area, curve, prefixes, reach
from repro.maker.ioi.patch import Patched, change_of

LN2, LN512 = math.log(2), math.log(512)


def point(count: int, kl: float, edit: float = 0.0) -> Point:
    return Point(count, Patched(kl, kl, 0.0, edit, 1.0))


@given(height=st.floats(0, 10))
def test_the_area_of_a_constant_is_the_constant(height):
    assert area([point(0, height), point(8, height), point(576, height)]) == pytest.approx(height)


def test_the_area_by_hand():
    """From 4 at one feature straight down, in ln k, to nothing at 16; then nothing up to 512."""
    points = [point(0, 4.0), point(1, 4.0), point(16, 0.0), point(512, 0.0)]
    assert area(points) == pytest.approx(0.5 * 4.0 * math.log(16) / LN512)


def test_beyond_the_last_feature_the_floor_goes_on():
    assert area([point(0, 3.0), point(1, 3.0), point(4, 1.0)]) == pytest.approx(
        (2.0 * math.log(4) + 1.0 * (LN512 - math.log(4))) / LN512
    )


@given(kls=st.lists(st.floats(0, 5), min_size=4, max_size=4), drop=st.floats(0.1, 1.0))
def test_a_curve_that_lies_lower_has_the_smaller_area(kls, drop):
    counts = (0, 1, 16, 256)
    high = [point(c, kl + drop) for c, kl in zip(counts, kls, strict=True)]
    low = [point(c, kl) for c, kl in zip(counts, kls, strict=True)]
    assert area(high) - area(low) == pytest.approx(drop)


def test_a_level_is_reached_between_two_points():
    points = [point(0, 8.0), point(4, 6.0, 1.0), point(16, 2.0, 3.0)]
    found = reach(points, 0.5)
    assert found.ln_patched == pytest.approx(math.log(4) + 0.5 * math.log(4))
    assert found.edit_norm == pytest.approx(2.0)


def test_a_level_below_the_floor_is_not_reached():
    points = [point(0, 8.0), point(4, 6.0, 1.0), point(16, 4.5, 3.0)]
    assert reach(points, 0.5).ln_patched is None
    assert reach(points, 0.5).edit_norm == 0.0


def test_a_level_that_one_feature_passes_counts_as_one_feature():
    assert reach([point(0, 8.0), point(1, 0.0, 2.0)], 0.5).ln_patched == 0.0


def test_the_first_time_counts_where_a_curve_comes_back():
    points = [point(0, 8.0), point(1, 3.0, 1.0), point(4, 7.0, 5.0), point(16, 1.0, 9.0)]
    assert reach(points, 0.5).edit_norm < 1.0 + 1e-9


def test_prefixes_leave_out_what_is_all_or_more():
    order = torch.tensor([3, 1, 0, 2])
    assert [one.tolist() for one in prefixes(order, [1, 2, 4, 8])] == [[3], [3, 1]]


def test_a_curve_begins_with_nothing_and_ends_with_everything():
    task = known.planted_task(1, 0)
    change = change_of(task, known.bases(1)["planted"])
    order = ranking(effects(task, change, 2))
    points, beside = curve(
        task, change, prefixes(order, [1, 3, 16]), [torch.zeros_like(task.clean)]
    )
    assert [one.n_patched for one in points] == [0, 1, 3, 16, known.DIMENSION]
    assert points[0].measured.kl == pytest.approx(beside[0].kl)
    assert points[2].measured.kl == pytest.approx(0.0, abs=1e-6)
    assert points[-1].measured.kl == pytest.approx(0.0, abs=1e-6)
    assert points[0].measured.kl > points[1].measured.kl > points[2].measured.kl
