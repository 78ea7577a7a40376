"""A page holds text and shades, and known items are what they are said to be."""

from collections import Counter

import pytest

from repro.errors import ReproError
from repro.rate.cards import Cards, load_cards
from repro.rate.deck import deal, item_id
from repro.rate.items import LEVELS, MOST_CHARACTERS, Piece, fragment_of, item_of, visible
from repro.rate.known import FEWEST, TRAINING, Known, known_items, n_catch_items
from tests.rate import planted_cards
from tests.rate.planted_cards import card, excerpt


def pieces_of(known: Known) -> list[Piece]:
    return [p for fragment in known.item.strongest + known.item.others for p in fragment]


def test_a_shade_is_a_ninth_of_the_largest_activation_rounded_up():
    values = [-1.0, 0.0, 0.001, 1.0, 1.001, 4.5, 9.0]
    levels = [piece.level for piece in fragment_of(list("abcdefg"), values, 9.0)]
    assert levels == [0, 0, 1, 1, 2, 5, LEVELS]


def test_activations_of_another_scale_make_the_same_page():
    small, large = (
        card("sae", 1, excerpts=[excerpt(i, "top", i, height * (i + 1)) for i in range(5)])
        for height in (1e-3, 1e3)
    )
    assert item_of(small) == item_of(large)
    silent = item_of(card("sae", 1, excerpts=[excerpt(1, "top", 1, 0.0)]))
    assert {piece.level for piece in silent.strongest[0]} == {0}


@pytest.mark.parametrize(
    ("token", "seen"),
    [
        (" plain", " plain"),
        ("a\nb\tc", "a↵b⇥c"),
        ("\x00\x1b", "⟨0000⟩⟨001B⟩"),
        ("\u202eabc\u2066", "⟨202E⟩abc⟨2066⟩"),
        ("\u200b\u2028\x85", "⟨200B⟩⟨2028⟩⟨0085⟩"),
        ("<b>&amp;", "<b>&amp;"),
        ("مرحبا é 👩‍👩", "مرحبا é 👩‍👩"),
        ("x" * 5000, "x" * (MOST_CHARACTERS - 1) + "…"),
    ],
)
def test_what_would_turn_or_hide_text_is_seen(token: str, seen: str):
    assert visible(token) == seen


def test_one_word_is_shaded_wherever_it_stands_and_nothing_else_is(cards: Cards):
    planted = [one for one in known_items(cards, 8) if one.word]
    assert len({one.word for one in planted}) == len(planted) == (TRAINING + 8) // 2
    for one in planted:
        for fragment in one.item.strongest + one.item.others:
            words = [piece.text.strip().casefold() for piece in fragment]
            assert [p.level > 0 for p in fragment] == [word == one.word for word in words]
            assert one.word in words


def test_a_part_of_a_longer_word_is_no_word(tmp_path):
    parts_of_words = [" rail", "ways", " foot", "ball", " book", "shop", " fire", "work"]
    tokens = [*parts_of_words, " then", " every", " day"]
    parts = [excerpt(i, "top", 0, 1.0) for i in range(9)]
    cut = [e.model_copy(update={"tokens": [f" n{i}", *tokens], "activations": [1.0] * 12})
           for i, e in enumerate(parts)]  # fmt: skip
    found = known_items(load_cards(planted_cards.write(tmp_path, card("sae", 1, excerpts=cut))), 0)
    assert {one.word for one in found if one.word} == {"then", "every"}


def test_a_scrambled_item_keeps_each_texts_shades_and_loses_their_places(cards: Cards):
    honest = {
        tuple(p.text for p in fragment): [p.level > 0 for p in fragment]
        for one in map(item_of, cards.cards)
        for fragment in one.strongest + one.others
    }
    moved = Counter[bool]()
    for one in (one for one in known_items(cards, 8) if not one.word):
        for fragment in one.item.strongest + one.item.others:
            before = honest[tuple(p.text for p in fragment)]
            after = [p.level > 0 for p in fragment]
            assert sum(before) == sum(after)
            moved[before != after] += 1
    assert moved[True] > 3 * moved[False]


def test_known_items_are_as_long_as_others_and_the_same_however_many(cards: Cards):
    few, many = known_items(cards, 2), known_items(cards, 8)
    assert many[: len(few)] == few
    assert len({one.item.key for one in many}) == len(many)
    usual = item_of(cards.cards[0])
    for one in many:
        assert len(one.item.strongest) == len(usual.strongest)
        assert len(one.item.others) <= len(usual.others)


@pytest.mark.parametrize("rating", range(5))
def test_right_is_high_for_one_word_and_low_for_scrambled(cards: Cards, rating: int):
    word, scrambled = known_items(cards, 0)[:2]
    assert word.word
    assert word.is_right(rating) == (rating >= 3)
    assert scrambled.is_right(rating) == (rating <= 1)
    assert f"“{word.word}”" in word.answer()
    assert "by chance" in scrambled.answer()


def test_a_name_is_right_where_it_holds_the_word(cards: Cards):
    word, scrambled = known_items(cards, 0)[:2]
    assert word.is_named(f"The word {word.word.upper()}!")
    assert not word.is_named("a word")
    assert not scrambled.is_named("by chance")


@pytest.mark.parametrize(("n", "catch"), [(1, FEWEST), (39, FEWEST), (48, 6), (100, 12)])
def test_one_item_in_nine_is_a_catch_item_and_both_kinds_are_as_many(n: int, catch: int):
    assert n_catch_items(n) == catch
    assert catch % 2 == 0


def test_too_little_text_is_told(tmp_path):
    one = load_cards(
        planted_cards.write(tmp_path, card("sae", 1, excerpts=card("sae", 1).excerpts[:2]))
    )
    with pytest.raises(ReproError, match="the cards quote too little text: 0 words stand"):
        known_items(one, 0)


def test_the_order_is_that_of_seed_and_rater_and_the_pages_are_the_same(cards: Cards):
    def keys(*who) -> list[str]:
        return [item.key for item in deal(cards, *who).items]

    assert keys("anna", 0, 20) == keys("anna", 0, 20)
    orders = {tuple(keys(rater, seed, 20)) for rater in ("anna", "ben") for seed in (0, 1)}
    assert len(orders) == 4
    assert len({frozenset(order) for order in orders}) == 1
    stored = [f"card:{one.id}" for one in cards.cards]
    assert all([key for key in order if key in stored] != stored for order in orders)


def test_an_item_has_another_name_with_every_secret_rater_and_key():
    secrets = ("00" * 32, "01" * 32)
    names = {item_id(s, r, k) for s in secrets for r in ("anna", "ben") for k in ("card:1", "k")}
    assert len(names) == 8
    # What OpenSSL makes of the same words.
    assert item_id("00" * 32, "anna", "card:sae-1") == "e5978b8cc717a92f7a8a"
