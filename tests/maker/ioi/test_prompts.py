"""Pairs of prompts: equal length, single tokens, the family's change and no other, split apart."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.errors import SourceError
from repro.maker.ioi.prompts import (
    Corruption,
    Pair,
    PromptSplit,
    as_batch,
    draw_pairs,
    roles,
    single_tokens,
    usable_names,
)
from repro.maker.ioi.words import read_words

WORDS = read_words("embedded")
LONG = frozenset({"Christopher", "Elizabeth", "Alexander"})
CORRUPTIONS: tuple[Corruption, ...] = ("io", "swapped", "all")
PLENTY: dict[PromptSplit, int] = {"select": 6, "heldout": 6}
VOCABULARY: dict[str, int] = {}


def encode(text: str) -> list[int]:
    """One token a word, but two for a few long names: a tokenizer that keeps most names whole."""
    ids = []
    for word in text.replace(",", " ,").replace(".", " .").split():
        parts = [word[:4], word[4:]] if word in LONG else [word]
        ids += [VOCABULARY.setdefault(part, len(VOCABULARY) + 1) for part in parts]
    return ids


def drawn(corruption: Corruption = "io", seed: int = 0, bos: int | None = None):
    return draw_pairs(WORDS, encode, corruption=corruption, counts=PLENTY, seed=seed, bos=bos)


def names_in(pair: Pair) -> list[str]:
    return [*pair.clean_names, *pair.counterfactual_names]


@given(seed=st.integers(0, 1000), corruption=st.sampled_from(CORRUPTIONS))
def test_a_pair_differs_in_names_alone_and_keeps_its_length(seed: int, corruption: Corruption):
    for pair in [pair for pairs in drawn(corruption, seed).values() for pair in pairs]:
        assert len(pair.clean_ids) == len(pair.counterfactual_ids)
        (io, s), (new_io, new_s) = pair.clean_names, pair.counterfactual_names
        told = {
            "io": new_s == s and new_io not in (io, s),
            "swapped": (new_io, new_s) == (s, io),
            "all": len({io, s, new_io, new_s}) == 4,
        }
        assert told[corruption]
        assert pair.clean.count(f" {s}") >= 2
        back = pair.counterfactual
        for old, new in ((new_io, "\x00"), (new_s, "\x01"), ("\x00", io), ("\x01", s)):
            back = re.sub(rf"(?<!\w){old}(?!\w)", new, back)  # whole words: Dan is not in Daniel
        assert back == pair.clean


@given(seed=st.integers(0, 1000))
def test_the_splits_share_no_form_with_its_names(seed: int):
    pairs = drawn(seed=seed)
    keys = [(p.template, frozenset(p.clean_names)) for split in pairs.values() for p in split]
    assert len(set(keys)) == len(keys)
    assert {split: len(found) for split, found in pairs.items()} == PLENTY


def test_both_orders_take_turns():
    orders = [pair.template[:4] for pair in drawn()["select"]]
    assert orders == ["abba", "baba"] * 3
    for pair in drawn()["select"]:
        io, s = pair.clean_names
        assert (pair.clean.index(f" {io}") < pair.clean.index(f" {s}")) == (
            pair.template[:4] == "abba"
        )


def test_a_seed_always_draws_the_same_and_another_draws_others():
    assert drawn(seed=3) == drawn(seed=3)
    assert drawn(seed=3) != drawn(seed=4)


def test_names_of_several_tokens_are_left_out():
    assert not LONG & set(usable_names(WORDS, encode))
    assert set(single_tokens(["Mary", "Elizabeth"], encode)) == {"Mary"}
    used = {name for seed in range(20) for p in drawn(seed=seed)["select"] for name in names_in(p)}
    assert not LONG & used


def test_a_model_that_splits_every_name_is_refused():
    with pytest.raises(SourceError, match="single tokens") as caught:
        draw_pairs(WORDS, lambda text: list(text.encode()), corruption="io", counts=PLENTY, seed=0,
                   bos=None)  # fmt: skip
    assert "ioi.words" in str(caught.value)


def test_more_pairs_than_there_are_combinations_are_refused():
    with pytest.raises(SourceError, match="combinations exist"):
        draw_pairs(WORDS, encode, corruption="io", counts={"select": 10**9, "heldout": 1}, seed=0,
                   bos=None)  # fmt: skip


def test_a_batch_points_at_the_last_token_and_at_what_changed():
    pairs = drawn(bos=7)["select"]
    batch = as_batch(pairs, encode)
    for row, pair in enumerate(pairs):
        n = len(pair.clean_ids)
        assert batch.clean[row, :n].tolist() == pair.clean_ids
        assert pair.clean_ids[0] == 7
        assert int(batch.at[row]) == n - 1
        first = next(i for i in range(n) if pair.clean_ids[i] != pair.counterfactual_ids[i])
        changed = batch.changed[row]
        assert changed.nonzero().squeeze(1).tolist() == list(range(first, n))
        assert batch.names[row].tolist() == [encode(f" {name}")[0] for name in pair.clean_names]


def test_roles_are_where_the_names_stand():
    for pair in drawn(bos=7)["heldout"]:
        found = roles(pair, encode)
        io, s = (encode(f" {name}")[0] for name in pair.clean_names)
        assert [pair.clean_ids[i] for i in found["io"]] == [io]
        assert [pair.clean_ids[i] for i in found["s1"] + found["s2"]] == [s, s]
        assert found["s1"][0] < found["s2"][0] <= found["end"][0]
