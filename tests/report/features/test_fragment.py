"""A fragment marks what fires, by how much, and a page holds as many as it may."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.contract.cards import Excerpt
from repro.report.features.allowance import ALL_FRAGMENTS, allowed_each, shown
from repro.report.features.fragment import LEVELS, Scale, fragment, level
from tests.report.features.plausible_cards import plausible_card

POSITIVE = st.floats(min_value=1e-300, max_value=1e300)


def one(tokens: list[str], activations: list[float], predicted: list[float] | None = None) -> str:
    excerpt = Excerpt(kind="top", tokens=tokens, activations=activations, predicted=predicted or [])
    return fragment(excerpt, Scale(4.0, 10.0)).text


def test_what_is_silent_is_plain_text() -> None:
    assert one(["The", " cat", " sat"], [0.0, 0.0, -1.0]) == "The cat sat"


def test_its_largest_activation_goes_beside_it() -> None:
    excerpt = Excerpt(kind="top", tokens=["a", "b"], activations=[0.5, 2.0], predicted=[])
    assert fragment(excerpt, Scale(4.0, 0.0)).peak == "2.00"


def test_a_line_hugs_its_word_and_the_value_goes_along() -> None:
    assert one([" cat"], [4.0]) == " <b class=a9 data-v=4.00>cat</b>"
    assert one([" "], [2.0]) == "<b class=a5 data-v=2.00><i>␣</i></b>"
    assert one([" \n"], [2.0]) == "<b class=a5 data-v=2.00><i>␣</i><i>↵</i></b>"


def test_a_prediction_stands_beside_the_activation_or_alone() -> None:
    both = one(["a", "b", "c"], [4.0, 0.0, 0.5], [10.0, 1.0, 0.0])
    assert '<b class="a9 p9" data-v=4.00 data-p=10.0>a</b>' in both
    assert "<b class=p1 data-v=0 data-p=1.00>b</b>" in both
    assert "<b class=a2 data-v=0.500 data-p=0>c</b>" in both


def test_a_token_of_nothing_that_fires_is_seen() -> None:
    assert one([""], [1.0]) == "<b class=a3 data-v=1.00><i>∅</i></b>"


@given(POSITIVE, POSITIVE)
def test_whatever_fires_has_a_level_and_more_is_never_less(value: float, largest: float) -> None:
    assert 1 <= level(value, largest) <= LEVELS
    assert level(value / 2, largest) <= level(value, largest)
    assert level(largest, largest) == LEVELS


@pytest.mark.parametrize(("value", "largest"), [(0, 1), (-1, 1), (1, 0)])
def test_what_does_not_fire_has_none(value: float, largest: float) -> None:
    assert level(value, largest) == 0


@given(POSITIVE)
def test_a_value_needs_no_quotes(value: float) -> None:
    assert re.fullmatch(r"<b class=a\d data-v=[^\s\"'=<>`]+>x</b>", one(["x"], [value]))


def test_all_fragments_are_shown_where_there_is_room() -> None:
    text = shown(plausible_card(1), 10**6)
    assert (text.n_shown, text.n_all) == (25, 25)
    assert [len(found) for found in text.by_kind.values()] == [10, 5, 5, 5]


def test_each_kind_has_its_turn_and_the_allowance_holds() -> None:
    card = plausible_card(1, firing=1.0)
    allowed = 20_000
    text = shown(card, allowed)
    sizes = [len(found) for found in text.by_kind.values()]
    used = [len(one.text.encode()) for found in text.by_kind.values() for one in found]
    assert 4 < text.n_shown == sum(sizes) < text.n_all
    assert max(sizes) - min(sizes) <= 1
    assert sum(used) <= allowed < sum(used) + max(used)


def test_the_first_fragment_is_always_shown() -> None:
    assert shown(plausible_card(1), 0).n_shown == 1


def test_pages_share_equally() -> None:
    assert allowed_each(600) * 600 == ALL_FRAGMENTS
    assert allowed_each(0) == ALL_FRAGMENTS
