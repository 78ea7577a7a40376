"""Fragments are drawn by one rule: different documents, the strongest, and at random by seed."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.interpret.draw import drawn_for
from repro.maker.interpret.text import EXPLAIN
from repro.maker.interpret.units import drawn_units, thresholded
from tests.examples import FEW
from tests.maker.interpret.texts import BLOCKS, SIZES, text_of

TEXT = text_of()


def activations_of(seed: int, density: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    fires = rng.random(TEXT.ids.shape) < density
    return (rng.random(TEXT.ids.shape) * fires).astype(np.float32)


@FEW
@given(st.integers(0, 10_000))
def test_what_is_drawn_is_what_it_is_called(seed):
    a = activations_of(seed)
    drawn = drawn_for(a, TEXT.block, SIZES, np.random.default_rng(seed))
    assert drawn
    explain, score = drawn
    assert len(score) == BLOCKS
    sizes = {EXPLAIN: (4, 4, 4), **dict.fromkeys(range(BLOCKS), (2, 2, 6))}
    for block, one in zip((EXPLAIN, *range(BLOCKS)), (explain, *score), strict=True):
        here = np.flatnonzero(block == TEXT.block)
        assert tuple(map(len, one)) == sizes[block]
        for part in one:
            assert set(part) <= set(here)
            assert len(set(part)) == len(part)
        largest = a.max(axis=1)
        expected = sorted(largest[here], reverse=True)[: len(one.top)]
        assert largest[one.top].tolist() == expected
        assert (largest[one.random] > 0).all()
        assert not {*one.top} & {*one.random}


def test_explaining_and_scoring_fragments_share_no_document():
    drawn = drawn_for(activations_of(1), TEXT.block, SIZES, np.random.default_rng(0))
    assert drawn
    explain, score = drawn
    documents = [{*TEXT.document[np.concatenate(one)].tolist()} for one in (explain, *score)]
    for i, one in enumerate(documents):
        for other in documents[:i]:
            assert not one & other


def test_a_unit_that_fires_on_too_few_fragments_of_any_block_is_not_drawn():
    a = np.ones(TEXT.ids.shape, dtype=np.float32)
    last = np.flatnonzero(TEXT.block == BLOCKS - 1)
    a[last[3:]] = 0.0
    assert drawn_for(a, TEXT.block, SIZES, np.random.default_rng(0)) is None
    a[last[3]] = 1.0
    assert drawn_for(a, TEXT.block, SIZES, np.random.default_rng(0))


def test_the_seed_decides_what_is_random_and_nothing_else():
    a = activations_of(2)
    one, same, other = (
        drawn_for(a, TEXT.block, SIZES, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert one
    assert other
    np.testing.assert_equal(one, same)
    assert one[0].top.tolist() == other[0].top.tolist()
    assert one[0].random.tolist() != other[0].random.tolist()


@FEW
@given(st.integers(0, 10_000), st.floats(0.005, 0.15))
def test_above_the_threshold_a_unit_fires_as_often_as_all_do(seed, density):
    a = activations_of(seed)
    cut = thresholded(a, density)
    assert (cut > 0).mean() == pytest.approx(density, abs=2 / a.size)
    held = cut > 0
    assert np.allclose((a - cut)[held], (a - cut)[held].max())
    assert a[held].min() >= a[~held].max()


def test_a_unit_that_fires_less_often_is_left_as_it_is():
    a = activations_of(3, density=0.01)
    np.testing.assert_array_equal(thresholded(a, 0.1), a)


@FEW
@given(st.integers(0, 10_000), st.integers(1, 80), st.integers(1, 40))
def test_units_are_drawn_among_the_eligible_and_one_more_leaves_the_others(seed, n, count):
    rng = np.random.default_rng(seed)
    eligible = torch.from_numpy(rng.random(n) < 0.6)
    drawn = drawn_units(eligible, count, [seed])
    assert len({*drawn.tolist()}) == len(drawn) == min(count, int(eligible.sum()))
    assert eligible[torch.from_numpy(drawn)].all()
    out = np.flatnonzero(~eligible.numpy())
    if len(out):
        more = eligible.clone()
        more[out[0]] = True
        again = [one for one in drawn_units(more, count + 1, [seed]).tolist() if one != out[0]]
        assert again[: len(drawn)] == drawn.tolist()


def test_every_eligible_unit_is_drawn_as_often_as_any_other():
    eligible = torch.tensor([True, False, True, True, False, True])
    counts = Counter(
        one for seed in range(2000) for one in drawn_units(eligible, 2, [seed]).tolist()
    )
    assert {*counts} == {0, 2, 3, 5}
    assert all(abs(count - 1000) < 100 for count in counts.values())
