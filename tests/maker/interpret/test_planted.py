"""Scorers are judged on features of known meaning: what is planted is what is said to be."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.errors import SourceError
from repro.maker.interpret.case import Case, Scored, Text
from repro.maker.interpret.planted import (
    COMMONEST,
    FAMILIES,
    FEWEST,
    RAREST,
    meanings_of,
    planted_features,
)
from repro.maker.interpret.predicates import predicates_of
from repro.maker.interpret.rules import RulesScorer
from repro.maker.interpret.text import EXPLAIN, blocks_of
from repro.maker.interpret.validity import explained_as, score_of, unlike
from repro.maker.params.interpret import Excerpts
from tests.examples import FEW

SIZES = Excerpts(
    explained_top=10,
    explained_random=10,
    explained_anywhere=10,
    scored_top=3,
    scored_random=3,
    scored_anywhere=6,
)


def english(n_fragments: int = 400, n_tokens: int = 32, seed: int = 0) -> Text:
    """Words of the families among many that have no meaning."""
    rng = np.random.default_rng(seed)
    words = sorted({word for family in FAMILIES.values() for word in family})
    filler = [f"w{i:03d}x" for i in range(3 * len(words))]
    pieces = tuple(f" {word}" for word in (*words, *filler))
    weight = np.array([1.0] * len(words) + [2.0] * len(filler))
    ids = rng.choice(len(pieces), (n_fragments, n_tokens), p=weight / weight.sum())
    document = np.repeat(np.arange(n_fragments // 4), 4).astype(np.int32)
    return Text(ids.astype(np.int32), pieces, document, blocks_of(document, 3, seed))


TEXT = english()


def test_meanings_hold_where_their_words_stand_and_are_neither_rare_nor_common():
    held = meanings_of(TEXT)
    assert len(held) >= FEWEST
    for name, where in held.items():
        assert RAREST <= where.mean() <= COMMONEST
        if name in FAMILIES:
            found = {TEXT.pieces[one].strip() for one in TEXT.ids[where].tolist()}
            assert found <= FAMILIES[name]
    assert not held["negation"][TEXT.ids == TEXT.pieces.index(" war")].any()


@FEW
@given(st.integers(1, 5), st.integers(0, 100))
def test_a_feature_fires_where_one_of_its_meanings_holds_and_nowhere_else(n_meanings, seed):
    held = meanings_of(TEXT)
    for feature in planted_features(TEXT, n_meanings, 3, seed):
        assert len({*feature.meanings}) == n_meanings
        fires = np.any([held[name] for name in feature.meanings], axis=0)
        assert ((feature.activations > 0) == fires).all()
        squares = [np.square(feature.activations[held[n]]).sum() for n in feature.meanings]
        assert max(squares) / min(squares) < 2.5, "no meaning rules"


def test_the_seed_decides_what_is_planted():
    one, same, other = (planted_features(TEXT, 2, 4, seed) for seed in (0, 0, 1))
    assert [f.meanings for f in one] == [f.meanings for f in same]
    assert [f.meanings for f in one] != [f.meanings for f in other]
    np.testing.assert_array_equal(one[0].activations, same[0].activations)


def test_another_language_gives_families_of_its_own():
    stems, ends = ("kara", "lomo", "piso", "tuve", "haka"), ("nen", "sta", "lla", "ksi", "mme")
    words = [f" {stem}{end}" for stem in stems for end in ends] + [" ja", " on", " ei"] * 3
    rng = np.random.default_rng(1)
    filler = [f" {i}{i}" for i in range(300)]
    pieces = tuple(dict.fromkeys([*words, *filler]))
    ids = rng.integers(0, len(pieces), (200, 16), dtype=np.int32)
    text = TEXT._replace(ids=ids, pieces=pieces)
    held = meanings_of(text)
    assert len(held) >= FEWEST
    assert {"-en", "-ta", "-la"} & {*held}


def test_a_text_of_one_word_cannot_judge_a_scorer():
    text = TEXT._replace(ids=np.zeros_like(TEXT.ids), pieces=(" same",))
    with pytest.raises(SourceError, match="meanings that could be planted"):
        meanings_of(text)


@pytest.fixture(scope="module")
def rules() -> RulesScorer:
    return RulesScorer(predicates_of(TEXT), 4, [], 2.0)


def mean_score(rules: RulesScorer, n_meanings: int) -> float:
    features = planted_features(TEXT, n_meanings, 24, 0)
    scores = [score_of(rules, TEXT, f.activations, SIZES, [i]) for i, f in enumerate(features)]
    return float(np.mean([one for one in scores if one is not None]))


def test_the_score_by_rules_falls_with_the_number_of_meanings(rules: RulesScorer):
    scores = [mean_score(rules, n) for n in range(1, 6)]
    assert scores[0] > scores[1] + 0.05
    assert scores[1] > scores[4] + 0.05
    assert np.polyfit(range(5), scores, 1)[0] < -0.04


def test_the_explanation_of_another_feature_is_worth_nothing(rules: RulesScorer):
    features = planted_features(TEXT, 1, 24, 0)
    wrong = []
    for i, (own, other) in enumerate(itertools.pairwise(features)):
        if own.meanings == other.meanings:
            continue
        mixed = explained_as(other.activations, own.activations, TEXT)
        assert (mixed[TEXT.block == EXPLAIN] == other.activations[TEXT.block == EXPLAIN]).all()
        assert (mixed[TEXT.block != EXPLAIN] == own.activations[TEXT.block != EXPLAIN]).all()
        found = score_of(rules, TEXT, mixed, SIZES, [i])
        wrong += [found] if found is not None else []
    assert abs(np.mean(wrong)) < 0.1


def test_another_features_explanation_shares_no_meaning_where_it_need_not():
    meanings = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")]
    assert unlike(meanings) == [2, 3, 0, 1]
    assert unlike([("a",), ("a",), ("b",)]) == [2, 2, 0]
    assert unlike([("a",), ("a",)]) == [1, 0]


class Told:
    """A scorer that gives what it is told."""

    name, metric, chance, ends = "told", "what it is told", 0.0, (0.0, 1.0)

    def __init__(self, give: Callable[[Case], tuple[float, ...]]) -> None:
        self.give = give

    def __call__(self, case: Case) -> Scored:
        return Scored((), {"top_and_random": self.give(case)})


def test_a_feature_that_a_scorer_fails_on_has_no_score():
    a = planted_features(TEXT, 5, 1, 0)[0].activations
    assert score_of(Told(lambda _: (0.25, 0.75, 0.5)), TEXT, a, SIZES, [0]) == pytest.approx(0.5)
    assert score_of(Told(lambda _: (0.25, float("nan"), 0.5)), TEXT, a, SIZES, [0]) is None
    assert score_of(Told(lambda _: (1.0,)), TEXT, np.zeros_like(a), SIZES, [0]) is None


@FEW
@given(st.integers(40, 90), st.integers(3, 6), st.integers(0, 1000))
def test_documents_are_whole_and_half_of_the_text_explains(n_documents, blocks, seed):
    sizes = np.random.default_rng(seed).integers(1, 6, n_documents + 2 * blocks)
    document = np.repeat(np.arange(len(sizes)), sizes).astype(np.int32)
    found = blocks_of(document, blocks, seed)
    for one in np.unique(document):
        assert len(np.unique(found[document == one])) == 1
    counts = np.bincount(found + 1, minlength=blocks + 1)
    shares = np.array([0.5, *[0.5 / blocks] * blocks]) * len(document)
    assert (np.abs(counts - shares) <= max(sizes)).all()
