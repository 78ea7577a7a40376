"""Labels: words that hold a feature's activation on documents on which they were not chosen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.steer.labels import Label, chosen, label_of, members, words_in
from tests.examples import FEW

PIECES = (" river", "River", " to", ".", " garden", " gardens", "ing", " x1")


def test_a_word_is_letters_of_some_length_whatever_its_case_and_space():
    assert words_in(PIECES).of_token == ["river", "river", "", "", "garden", "gardens", "ing", ""]
    assert members(["river"], words_in(PIECES)).tolist() == [True, True, *[False] * 6]


def test_a_label_is_chosen_on_one_half_and_measured_on_the_other():
    words = words_in(PIECES)
    ids = np.array([0, 0, 4, 3, 1, 4, 3, 3])
    is_searched = np.arange(8) < 4
    a = np.array([2.0, 2.0, 1.0, 9.0, 3.0, 1.0, 1.0, -5.0])
    found = label_of(7, a, ids, is_searched, words, 1)
    assert found is not None
    assert (found.unit, found.words) == (7, ("river",))
    assert found.purity == pytest.approx(3 / 5)  # River holds 3 of the 5 that are there
    assert found.share == pytest.approx(3 / 8)
    both = label_of(7, a, ids, is_searched, words, 2)
    assert both is not None
    assert both.words == ("river", "garden")
    assert both.purity == pytest.approx(4 / 5)


def test_what_no_word_holds_has_no_label_and_a_silent_half_no_purity():
    words = words_in(PIECES)
    ids, is_searched = np.array([3, 3, 2]), np.array([True, True, False])
    assert label_of(0, np.array([1.0, 2.0, 3.0]), ids, is_searched, words, 3) is None
    ids = np.array([0, 0, 2])
    found = label_of(0, np.array([1.0, 2.0, 0.0]), ids, is_searched, words, 3)
    assert found is not None
    assert found.purity == 0.0


@FEW
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.02)), max_size=30),
    st.integers(1, 5),
    st.integers(1, 5),
)
def test_features_are_chosen_among_those_that_are_pure_and_rare(
    drawn: list[tuple[float, float]], n_random: int, n_best: int
):
    labels = [Label(i, ("word",), purity, share) for i, (purity, share) in enumerate(drawn)]
    found = chosen(labels, n_random, n_best, 0.5, 0.01, [0])
    fit = [one for one in labels if one.purity >= 0.5 and one.share <= 0.01]
    by = {how: [one for what, one in found if what == how] for how in ("random", "best")}
    assert len(by["random"]) == min(n_random, len(fit))
    assert len({one.unit for one in by["random"]}) == len(by["random"])
    best = sorted((one.purity for one in fit), reverse=True)[:n_best]
    assert [one.purity for one in by["best"]] == best
    assert all(one in fit for _, one in found)
    assert chosen(labels, n_random, n_best, 0.5, 0.01, [0]) == found
