"""The little forest plots keep order, stay on the line, and shade the side the claim needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.report.strips import Side, standing, strip

NUMBERS = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


@given(st.lists(NUMBERS, min_size=3, max_size=3), NUMBERS, st.sampled_from(["above", "below"]))
def test_places_keep_the_order_of_numbers_and_stay_on_the_line(
    numbers: list[float], threshold: float, side: Side
) -> None:
    low, estimate, high = sorted(numbers)
    drawn = strip(estimate, (low, high), [threshold], side)
    assert 0 <= drawn.low <= drawn.estimate <= drawn.high <= 100
    (mark,) = drawn.thresholds
    assert 0 <= mark.at <= 100
    assert all(0 <= tick.at <= 100 for tick in drawn.ticks)


@pytest.mark.parametrize(
    ("side", "thresholds", "good"),
    [
        ("above", [0.5], (50.0, 100.0)),
        ("below", [0.5], (0.0, 50.0)),
        ("inside", [0.25, 0.75], (29.17, 70.83)),
        (None, [0.5], None),
    ],
)
def test_the_side_that_the_claim_needs_is_shaded(
    side: Side | None, thresholds: list[float], good: tuple[float, float] | None
) -> None:
    assert strip(0.5, (0.0, 1.0), thresholds, side).good == good


def test_an_interval_of_no_width_on_its_threshold_can_be_drawn() -> None:
    drawn = strip(0.0, (0.0, 0.0), [0.0, 0.0], "inside")
    assert drawn.estimate == 50.0


def test_thresholds_are_printed_as_they_were_written() -> None:
    assert strip(0.1, (0.0, 0.2), [0.05], "above").thresholds[0].label == "0.05"


@given(st.lists(NUMBERS, min_size=3, max_size=3), NUMBERS, st.sampled_from(["above", "below"]))
def test_right_of_the_threshold_always_speaks_for_the_claim(
    numbers: list[float], threshold: float, side: Side
) -> None:
    low, estimate, high = sorted(numbers)
    stands = standing(estimate, (low, high), threshold, side)
    assert stands.low <= stands.estimate <= stands.high
    speaks = low > threshold if side == "above" else high < threshold
    assert (stands.low > 0) == speaks
    assert max(abs(stands.low), abs(stands.high)) <= 1
