"""Bars are counts on their axis, and every label has room."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.report.features.histogram import BOTTOM, LEFT, RIGHT, TOP, histogram


def test_bars_say_their_bin_and_count() -> None:
    drawn = histogram([1000, 0, 3], 6.0)
    assert drawn
    assert [bar.says for bar in drawn.bars] == ["0 to 2.00: 1,000", "4.00 to 6.00: 3"]
    assert drawn.bars[0].y == TOP
    assert [tick.label for tick in drawn.x] == ["0", "3.00", "6.00"]
    assert drawn.says == (
        "Activations above zero from 0 to 6.00, 1,003 in 3 bins; the fullest has 1,000"
    )


def test_heights_are_logarithms_of_one_more() -> None:
    drawn = histogram([99, 9], 1.0)
    assert drawn
    assert drawn.bars[1].height == pytest.approx(drawn.bars[0].height / 2)
    assert [tick.label for tick in drawn.y] == ["0", "10"]


@pytest.mark.parametrize(("counts", "largest"), [([], 1.0), ([0, 0], 1.0), ([3], 0.0)])
def test_nothing_above_zero_is_no_drawing(counts: list[int], largest: float) -> None:
    assert histogram(counts, largest) is None


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=60).filter(any),
    st.floats(min_value=1e-9, max_value=1e9),
)
def test_everything_lies_within_the_panel(counts: list[int], largest: float) -> None:
    drawn = histogram(counts, largest)
    assert drawn
    assert len(drawn.bars) == sum(n > 0 for n in counts)
    for bar in drawn.bars:
        assert LEFT <= bar.x <= bar.x + bar.width <= RIGHT + 0.1
        assert TOP <= bar.y <= BOTTOM
        assert bar.y + bar.height == pytest.approx(BOTTOM, abs=0.1)
    heights = [tick.at for tick in drawn.y]
    assert all(low - high >= 18 for low, high in pairwise(heights))
    assert all(TOP <= at <= BOTTOM for at in heights)
