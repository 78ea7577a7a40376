"""Rules find what a feature stands for, no more of them than the budget, whatever its scale."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.interpret.case import Case, correlation
from repro.maker.interpret.draw import drawn_for
from repro.maker.interpret.predicates import Predicate, predicates_of
from repro.maker.interpret.rules import RulesScorer, Sample, pursue, shown_of
from tests.examples import FEW
from tests.maker.interpret.texts import SIZES, firing_on, text_of

TEXT = text_of()
PREDICATES = predicates_of(TEXT)


def scorer(budget: int = 2, *others: int, shrinkage: float = 1e-3) -> RulesScorer:
    return RulesScorer(PREDICATES, budget, others, shrinkage)


def case_of(activations: np.ndarray, seed: int = 0) -> Case:
    drawn = drawn_for(activations, TEXT.block, SIZES, np.random.default_rng(seed))
    assert drawn
    return Case(TEXT, activations, *drawn)


def test_a_feature_of_one_word_is_explained_by_that_word_and_scores_one():
    found = scorer()(case_of(firing_on(TEXT, " cat")))
    assert "“cat”" in found.explanation[0]
    assert found.explanation[0].startswith("+1.00")
    for scores in found.scores.values():
        assert scores == pytest.approx([1.0] * 3, abs=1e-6)


def test_words_of_one_suffix_are_one_rule():
    text = text_of()
    pieces = tuple({" cat": " sitting", " dog": " walking"}.get(p, p) for p in text.pieces)
    text = text._replace(pieces=pieces)
    activations = firing_on(text, " sitting", " walking", " running")
    predicates = predicates_of(text)
    drawn = drawn_for(activations, text.block, SIZES, np.random.default_rng(0))
    assert drawn
    found = RulesScorer(predicates, 1, [], 1e-3)(Case(text, activations, *drawn))
    assert "-ing" in found.explanation[0]
    assert min(found.scores["top_and_random"]) > 0.99


def test_two_meanings_need_two_rules():
    case = case_of(firing_on(TEXT, " cat") + firing_on(TEXT, " 1999", strength=0.9))
    one, two = (np.mean(scorer(n)(case).scores["top_and_random"]) for n in (1, 2))
    assert one < 0.9 < 0.999 < two


def test_activations_without_a_rule_score_nothing():
    rng = np.random.default_rng(3)
    noise = rng.random(TEXT.ids.shape) * (rng.random(TEXT.ids.shape) < 0.2)
    found = scorer(4)(case_of(noise.astype(np.float32)))
    assert abs(np.mean([s for one in found.scores.values() for s in one])) < 0.15


@FEW
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_a_score_does_not_depend_on_the_scale_of_activations(seed, scale):
    rng = np.random.default_rng(seed)
    words = rng.choice(TEXT.pieces, 3, replace=False)
    parts = [firing_on(TEXT, word, strength=rng.random() + 0.1) for word in words]
    activations = np.sum(parts, axis=0)
    plain = scorer(2)(case_of(activations))
    scaled = scorer(2)(case_of(activations * np.float32(scale)))
    assert scaled.explanation == plain.explanation
    for variant, scores in plain.scores.items():
        np.testing.assert_allclose(scaled.scores[variant], scores, rtol=1e-3, atol=1e-4)


@FEW
@given(st.integers(0, 10_000))
def test_a_smaller_budget_is_the_beginning_of_a_larger_one_and_explains_no_more(seed):
    rng = np.random.default_rng(seed)
    activations = rng.random(TEXT.ids.shape).astype(np.float32)
    case = case_of(activations)
    found = scorer(1, 2, 3, 5).explain(case)
    shown = shown_of(case.explain)
    errors = []
    for budget, explained in found.items():
        assert len(explained.rules) <= budget
        assert explained.rules == found[5].rules[:budget]
        left = activations[shown] - scorer().simulate(explained, shown)
        errors.append(float(np.square(left).sum()))
    assert errors == sorted(errors, reverse=True)


def indicators(sample: Sample, n: int) -> np.ndarray:
    """Independent oracle: 1 where a predicate holds, by plain loops."""
    held = np.zeros((*sample.activations.shape, n))
    for f, t in itertools.product(*map(range, sample.activations.shape)):
        for p in {*sample.of_token[f, t].tolist(), *sample.of_fragment[f].tolist()} - {0}:
            held[f, t, p] = 1.0
    return held.reshape(-1, n)


def slow_pursuit(sample: Sample, n: int, budget: int, ridge: float) -> tuple[list[int], np.ndarray]:
    """Orthogonal matching pursuit as the textbook has it, over all predicates."""
    held, a = indicators(sample, n), sample.activations.ravel().astype(float)
    held, a = held - held.mean(axis=0), a - a.mean()
    taken, weights = list[int](), np.zeros(0)
    for _ in range(budget):
        left = a - held[:, taken] @ weights
        share = held.T @ left - 0.0
        share[taken] = 0.0
        gain = share**2 / (np.square(held).sum(axis=0) + ridge)
        taken.append(int(gain.argmax()))
        chosen = held[:, taken]
        weights = np.linalg.solve(chosen.T @ chosen + ridge * np.eye(len(taken)), chosen.T @ a)
    return taken, weights


@pytest.mark.parametrize("seed", range(4))
def test_the_rules_are_those_of_the_textbooks_pursuit(seed: int):
    rng = np.random.default_rng(seed)
    activations = rng.random(TEXT.ids.shape).astype(np.float32)
    activations += firing_on(TEXT, " cat", strength=2.0) + firing_on(TEXT, " she", strength=1.0)
    shown = shown_of(case_of(activations, seed).explain)
    sample = Sample(activations[shown], PREDICATES.of_token[shown], PREDICATES.of_fragment[shown])
    n = len(PREDICATES.names)
    rules, weights = slow_pursuit(sample, n, 3, 0.5)
    found = pursue(sample, n, [3], 0.5)[3]
    assert list(found.rules) == rules
    np.testing.assert_allclose(found.strengths, weights, rtol=1e-4)
    held = indicators(sample, n)[:, rules]
    expected = activations[shown].mean() - held.mean(axis=0) @ weights
    assert found.base == pytest.approx(expected, rel=1e-4)


def test_a_prediction_is_the_base_and_the_strengths_of_the_rules_that_hold():
    case = case_of(firing_on(TEXT, " cat") + 0.5 * firing_on(TEXT, "."))
    ours = scorer(2)
    found = ours.explain(case)[2]
    at = ours.simulate(found, np.arange(5))
    for f, t in itertools.product(range(5), range(TEXT.ids.shape[1])):
        holding = {*PREDICATES.of_token[f, t].tolist(), *PREDICATES.of_fragment[f].tolist()}
        expected = found.base + sum(
            w for p, w in zip(found.rules, found.strengths, strict=True) if p in holding
        )
        assert at[f, t] == pytest.approx(expected, abs=1e-6)


def test_rules_are_printed_in_words():
    assert str(Predicate("token", "the")) == "the token is “the”"
    assert str(Predicate("inside", "brackets")) == "it is inside brackets"
    assert all(str(one) for one in PREDICATES.names[1:])


def test_correlation_is_pearsons_and_has_no_value_without_variance():
    a, b = np.array([0.0, 1.0, 2.0, 5.0]), np.array([1.0, 0.0, 3.0, 4.0])
    assert correlation(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert correlation(a, np.ones(4)) == 0.0
    assert np.isnan(correlation(np.ones(4), b))
