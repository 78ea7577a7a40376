"""Strengths: where a score is first reached, between those that were tried."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.erase.strength import CHANCE, reached, two_way, wanted

STRENGTHS = [0.5, 1.0, 2.0, 4.0]


def test_the_strength_is_between_those_that_were_tried():
    found = reached(STRENGTHS, [0.8, 0.7, 0.6, 0.55], 0.9, 0.65)
    assert found.is_reached
    assert found.strength == pytest.approx(1.5)
    assert reached(STRENGTHS, [0.8, 0.7, 0.6, 0.55], 0.9, 0.85).strength == pytest.approx(0.25)


def test_where_no_strength_reaches_it_the_largest_is_told_with_that():
    assert reached(STRENGTHS, [0.9, 0.9, 0.88, 0.9], 0.9, 0.7) == (4.0, False)


def test_it_is_the_first_crossing_that_counts():
    found = reached(STRENGTHS, [0.9, 0.6, 0.9, 0.2], 0.9, 0.7)
    assert 0.5 < found.strength < 1.0


@given(
    st.floats(0.6, 1.0),
    st.floats(0.05, 0.95),
    st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4),
)
def test_a_straight_line_through_its_neighbours_meets_the_score(
    score: float, lost: float, scores: list[float]
):
    left = wanted(score, lost)
    assert CHANCE < left < score
    found = reached(STRENGTHS, scores, score, left)
    if not found.is_reached:
        assert min(scores) > left
        return
    points = [(0.0, score), *zip(STRENGTHS, scores, strict=True)]
    for (t0, s0), (t1, s1) in pairwise(points):
        if t0 <= found.strength <= t1 and s1 <= left <= s0:
            line = s0 + (found.strength - t0) / (t1 - t0) * (s1 - s0)
            assert line == pytest.approx(left, abs=1e-6)
            return
    raise AssertionError("no segment")


def test_the_score_is_the_probability_of_the_right_one_of_two():
    logits = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 0.0]])
    found = two_way(logits, torch.tensor([0, 0, 1]))
    p = 1 / (1 + torch.exp(torch.tensor(-2.0))).item()
    assert found.tolist() == pytest.approx([0.5, p, 1 - p])


def test_a_score_that_is_no_higher_than_what_shall_be_left_needs_no_strength():
    """So it is where the untouched model is right less often than chance."""
    assert reached(STRENGTHS, [0.8, 0.7, 0.6, 0.55], 0.4, 0.45) == (0.0, True)
