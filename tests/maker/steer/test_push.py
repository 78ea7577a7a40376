"""Pushes: lengths at which they cost the same, log-odds of a set of words."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.steer.push import (
    costs_of,
    length_at,
    log_odds,
    mean_difference,
    random_direction,
    unit,
)
from tests.examples import FEW


@FEW
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_log_odds_are_those_of_the_summed_probability(seed: int, n: int):
    logits = torch.randn(3, 9, generator=torch.Generator().manual_seed(seed)) * 3
    is_in = torch.arange(9) < n
    p = logits.double().softmax(-1)[:, is_in].sum(dim=1)
    expected = [math.log(one / (1 - one)) for one in p.tolist()]
    assert log_odds(logits, is_in).tolist() == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_push_towards_a_word_raises_its_log_odds_by_what_it_adds():
    logits, is_in = torch.zeros(1, 5), torch.arange(5) == 2
    pushed = logits + is_in * 1.7
    assert float(log_odds(pushed, is_in) - log_odds(logits, is_in)) == pytest.approx(1.7)


def test_the_length_is_where_the_loss_first_rises_by_what_is_allowed():
    costs = [(0.5, 0.1), (1.0, 0.5), (2.0, 3.0)]
    assert length_at(costs, 0.1) == pytest.approx(0.5)
    assert length_at(costs, 0.3) == pytest.approx(0.75)
    assert length_at(costs, 0.05) == pytest.approx(0.25)
    assert length_at(costs, 9.0) == 2.0
    assert length_at([(0.5, -0.2), (1.0, 0.4), (2.0, 0.1)], 0.1) == pytest.approx(0.75)


def test_no_length_is_measured_beyond_the_one_that_costs_too_much():
    seen: list[float] = []

    def measure(push: torch.Tensor) -> float:
        seen.append(float(push.norm()))
        return seen[-1]

    costs = costs_of(torch.tensor([1.0, 0.0]), 1.0, [0.5, 1.0, 2.0, 4.0], measure)
    assert length_at(costs, 0.75) == pytest.approx(0.75)
    assert seen == pytest.approx([0.5, 1.0])


def test_lengths_are_counted_in_the_unit_that_is_given():
    seen: list[float] = []

    def measure(push: torch.Tensor) -> float:
        seen.append(float(push.norm()))
        return float(push.norm()) ** 2

    costs = costs_of(unit(torch.tensor([3.0, 4.0])), 10.0, [0.5, 1.0], measure)
    assert [*costs] == [(0.5, pytest.approx(25.0)), (1.0, pytest.approx(100.0))]
    assert seen == pytest.approx([5.0, 10.0])


def test_a_difference_of_means_leads_from_the_others_to_the_set():
    x = torch.tensor([[0.0, 1.0], [0.0, 3.0], [4.0, 2.0], [4.0, 2.0]])
    found = mean_difference(x, torch.tensor([False, False, True, True]))
    torch.testing.assert_close(found, torch.tensor([1.0, 0.0]))


def test_random_directions_are_of_norm_one_and_differ_by_their_seed():
    first, second, again = (random_direction(50, [seed]) for seed in (0, 1, 0))
    assert float(first.norm()) == pytest.approx(1.0)
    assert torch.equal(first, again)
    assert abs(float(first @ second)) < 0.6
