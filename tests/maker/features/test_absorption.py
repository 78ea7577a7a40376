"""Absorption: what is planted is counted, and a child beside its parent is not."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from repro.errors import SourceError
from repro.maker.features.absorption import MOST_OWN, Rule, Words, f1, missed, own_latents
from repro.maker.features.letters import (
    chosen_words,
    fitted,
    halves,
    planted_words,
    rows_of,
    words_of,
)
from tests.examples import FEW

RULE = Rule(split_gain=0.03, least_cosine=0.1, least_share=0.4)
KEY = {
    **{"site": "middle", "method": "planted", "alpha": 0.0, "k": 0},
    **{"expansion_factor": 1.0, "seed": 0},
}
PIECES = (" river", " ring", " Rome", " to", "ing", " garden", " grow", ".", " x1y", " gate", "s")


@FEW
@given(st.integers(0, 10_000))
def test_f1_is_scikit_learns(seed: int):
    rng = np.random.default_rng(seed)
    fires, letter = rng.random((30, 6)) < 0.4, rng.random(30) < 0.3
    found = f1(torch.from_numpy(fires), torch.from_numpy(letter))
    nothing: Any = 0.0  # the stubs know words alone
    expected = [f1_score(letter, fires[:, j], zero_division=nothing) for j in range(6)]
    assert found.tolist() == pytest.approx(expected)


def test_a_letter_has_as_many_latents_as_tell_more_of_it():
    is_letter = torch.tensor([True] * 10 + [False] * 90)
    fires = torch.zeros(100, 9, dtype=torch.bool)
    fires[:6, 3], fires[6:9, 5], fires[:2, 1], fires[9, 7], fires[10:80, 7] = (
        True,
        True,
        True,
        True,
        True,
    )
    assert own_latents(fires, is_letter, 0.03) == [3, 5]
    assert own_latents(fires, is_letter, 0.5) == [3]
    each = torch.zeros(100, 9, dtype=torch.bool)
    each[torch.arange(9), torch.arange(9)] = True
    assert len(own_latents(each, is_letter, 0.0)) == MOST_OWN


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_absorption_is_counted_to_the_word(seed: int):
    words, spelled = planted_words(seed, is_absorbed=True)
    rows = list(rows_of(KEY, words, spelled, RULE))
    n_letters = len(rows)
    silent = (words.codes[:, :n_letters].sum(dim=1) == 0) & ~spelled.is_searched
    for letter, row in enumerate(rows):
        expected = int((silent & (spelled.letter == letter)).sum())
        assert row.n_parent_expected - row.n_kept == expected
        assert row.n_words == row.n_parent_expected == 20
    assert sum(row.n_kept for row in rows) < 0.9 * sum(row.n_words for row in rows)


def test_where_parents_fire_beside_their_children_nothing_is_absorbed():
    words, spelled = planted_words(0, is_absorbed=False)
    for row in rows_of(KEY, words, spelled, RULE):
        assert (row.n_silent, row.n_kept) == (0, row.n_parent_expected)


def one_word(child: float, cosine: float) -> Words:
    """A word along the probe whose parent is silent, and a latent at some cosine that holds it."""
    p, other = torch.eye(3)[0], torch.eye(3)[1]
    features = torch.stack([p, cosine * p + (1 - cosine**2) ** 0.5 * other])
    return Words(torch.tensor([[2.0, 0.5, 0.0]]), torch.tensor([[0.0, child]]), features)


@pytest.mark.parametrize(
    ("child", "cosine", "is_read", "expected"),
    [
        (1.0, 0.9, True, True),
        (0.85, 0.9, True, False),  # holds .765 of 2: less than two fifths
        (100.0, 0.05, True, False),  # holds enough, but is nothing like the probe
        (0.0, 0.9, True, False),
        (1.0, 0.9, False, False),
    ],
)
def test_a_word_is_absorbed_by_one_latent_that_is_like_the_probe_and_holds_enough(
    child: float, cosine: float, is_read: bool, expected: bool
):
    p, read = torch.tensor([3.0, 0.0, 0.0]), torch.tensor([is_read])
    found = missed(one_word(child, cosine), p, read, [0], RULE)
    assert bool(found.absorbed) == expected
    assert bool(found.silent) == is_read


def test_a_word_whose_own_latent_fires_is_not_missed():
    words = one_word(1.0, 0.9)
    words.codes[0, 0] = 0.1
    found = missed(words, torch.eye(3)[0], torch.tensor([True]), [0], RULE)
    assert not found.silent.any()
    assert not found.absorbed.any()


def test_words_are_whole_tokens_of_small_letters():
    at = {piece: i for i, piece in enumerate(PIECES)}
    text = [" river", ".", " ring", "ing", " Rome", ".", " to", " garden", "s", " garden", "."]
    ids = np.array([[at[piece] for piece in text]])
    assert [PIECES[one] for one in words_of(ids, PIECES)] == [" river", " garden"]


def test_letters_with_too_few_words_are_left_out_and_none_is_told():
    at = {piece: i for i, piece in enumerate(PIECES)}
    text = [" river", " ring", " garden", " grow", " gate", "."]
    ids = np.array([[at[piece] for piece in text]])
    assert {*chosen_words(ids, PIECES, 2, 99).values()} == {"r", "g"}
    assert len(chosen_words(ids, PIECES, 2, 99)) == 5
    with pytest.raises(SourceError, match="no two letters have enough words of one token"):
        chosen_words(ids, PIECES, 3, 99)
    with pytest.raises(SourceError, match="least_words"):
        chosen_words(np.array([[at["."], at["."]]]), PIECES, 1, 99)


@pytest.mark.parametrize("n_letters", [2, 5])
def test_a_probe_reads_letters_that_are_there_on_words_it_has_not_seen(n_letters: int):
    generator = torch.Generator().manual_seed(0)
    letter = torch.arange(n_letters).repeat_interleave(60)
    z = torch.randn(len(letter), 12, generator=generator)
    z[torch.arange(len(letter)), letter] += 6.0
    is_searched = halves(letter, 0)
    probe, read = fitted(z, letter, is_searched)
    assert (read[~is_searched] == letter[~is_searched]).double().mean() > 0.95
    for one in range(n_letters):
        along = z @ probe[one]
        assert along[letter == one].mean() > along[letter != one].mean()


@FEW
@given(st.integers(0, 1000), st.lists(st.integers(2, 9), min_size=1, max_size=6))
def test_halves_are_halves_of_every_letter(seed: int, sizes: list[int]):
    letter = torch.cat([torch.full((n,), i) for i, n in enumerate(sizes)])
    found = halves(letter, seed)
    for i, n in enumerate(sizes):
        assert int(found[letter == i].sum()) == -(-n // 2)
