"""Entropy of the tokens on which a unit is active: known values, an oracle, invariances."""

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.interpret.case import Case, Drawn, Text
from repro.maker.interpret.entropy import Weighting, token_entropy
from tests.maker.interpret.planted_cases import FRUIT, WORDS, case_of, fruit_case

NOTHING = Drawn(*(np.zeros(0, dtype=int),) * 3)
WEIGHTINGS = get_args(Weighting)


def case_with(ids: list[list[int]], activations: list[list[float]]) -> Case:
    fragments = np.arange(len(ids))
    text = Text(np.array(ids), tuple(map(str, range(50))), fragments, fragments)
    return Case(text, np.array(activations), NOTHING, ())


def oracle(case: Case, weighting: Weighting) -> float:
    """Token by token, from the definition."""
    mass: dict[int, float] = {}
    for row, values in zip(case.text.ids.tolist(), case.activations.tolist(), strict=True):
        for token, value in zip(row, values, strict=True):
            if value > 0:
                counted = value if weighting == "activation" else 1.0
                mass[token] = mass.get(token, 0.0) + counted
    total = math.fsum(mass.values())
    return -math.fsum(m / total * math.log(m / total) for m in mass.values())


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_unit_of_one_token_has_none(weighting: Weighting):
    assert token_entropy(fruit_case(), weighting) == 0.0
    assert FRUIT in fruit_case().text.ids


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("n", [2, 7, 10])
def test_a_unit_that_is_the_same_on_n_tokens_has_the_logarithm_of_n(weighting: Weighting, n: int):
    rows = [list(range(10)), list(range(9, -1, -1))]
    case = case_of(rows, WORDS, lambda piece: float(WORDS.index(piece) < n), NOTHING, ())
    assert token_entropy(case, weighting) == pytest.approx(math.log(n), abs=1e-12)


def test_the_two_weightings_say_different_things():
    case = case_with([[0, 1, 1]], [[3.0, 0.5, 0.5]])
    assert token_entropy(case) == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    third = math.log(3) - 2 / 3 * math.log(2)
    assert token_entropy(case, "firing") == pytest.approx(third)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_values_below_zero_count_nothing(weighting: Weighting):
    case = case_with([[0, 1, 2]], [[1.0, -5.0, 0.0]])
    assert token_entropy(case, weighting) == 0.0


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_unit_that_is_never_active_has_no_entropy(weighting: Weighting, value: float):
    assert math.isnan(token_entropy(case_with([[0, 1]], [[value, value]]), weighting))


def test_activations_whose_sum_is_beyond_all_numbers_have_one():
    assert token_entropy(case_with([[0, 0, 1, 1]], [[1e308] * 4])) == pytest.approx(math.log(2))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 6)))
    size = shape[0] * shape[1]
    ids = draw(st.lists(st.integers(0, 9), min_size=size, max_size=size))
    values = st.floats(-4, 4).map(lambda value: round(value, 3))
    activations = draw(st.lists(values, min_size=size, max_size=size).filter(lambda v: max(v) > 0))
    made = np.array(activations).reshape(shape)
    return case_with(np.array(ids).reshape(shape).tolist(), made.tolist())


@given(cases(), st.sampled_from(WEIGHTINGS))
def test_it_is_what_the_definition_says(case: Case, weighting: Weighting):
    assert token_entropy(case, weighting) == pytest.approx(oracle(case, weighting), abs=1e-9)


@given(cases(), st.sampled_from(WEIGHTINGS), st.sampled_from([1e-300, 1e-3, 17.0, 1e300]))
def test_scale_does_not_matter(case: Case, weighting: Weighting, scale: float):
    scaled = case._replace(activations=case.activations * scale)
    assert token_entropy(scaled, weighting) == pytest.approx(token_entropy(case, weighting))


@given(cases(), st.sampled_from(WEIGHTINGS), st.randoms(use_true_random=False))
def test_the_order_of_places_does_not_matter(case: Case, weighting: Weighting, shuffle):
    order = list(range(case.activations.size))
    shuffle.shuffle(order)
    ids = case.text.ids.ravel()[order].reshape(case.activations.shape)
    moved = case._replace(
        text=case.text._replace(ids=ids),
        activations=case.activations.ravel()[order].reshape(ids.shape),
    )
    expected = token_entropy(case, weighting)
    assert token_entropy(moved, weighting) == pytest.approx(expected, abs=1e-9)
    assert -1e-12 <= expected <= math.log(10) + 1e-9
