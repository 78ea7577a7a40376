"""What rules may say is true of the tokens of which it is said."""

import numpy as np
import pytest

from repro.maker.interpret.case import Text
from repro.maker.interpret.predicates import Predicate, class_of, form, predicates_of
from tests.maker.interpret.texts import text_of


def said(*tokens: str) -> list[set[str]]:
    """All that is said of each token of a fragment, in words."""
    pieces = tuple(dict.fromkeys(tokens))
    row = np.array([pieces.index(token) for token in tokens], dtype=np.int32)
    ids = np.tile(row, (40, 1))
    block = np.array([-1] * 20 + [0] * 20, dtype=np.int32)
    text = Text(ids, pieces, np.arange(40, dtype=np.int32), block)
    found = predicates_of(text)
    return [{str(found.names[n]) for n in slots if n} for slots in found.of_token[0].tolist()]


@pytest.mark.parametrize(
    ("tokens", "at", "rule"),
    [
        ((" The", " cat"), 0, "the token is “the”"),
        ((" The", " cat"), 0, "the token is “The”, so spelt"),
        ((" The", " cat"), 1, "the token before is “the”"),
        ((" He", " was", " run", "ning"), 3, "the word so far ends in “-ing”"),
        ((" He", " was", " run", "ning"), 3, "it is part of the word “running”"),
        ((" He", " was", " running"), 2, "the word begins with “ru-”"),
        ((" in", " May", " 1999"), 2, "it is part of a date"),
        ((" in", " 7", " cats"), 1, "it is part of a number"),
        ((" met", " Anna", "."), 1, "it is part of a name"),
        ((" a", " (", "b", ")", " c"), 2, "it is inside brackets"),
        ((" “", "yes", "”", " no"), 1, "it is inside a quotation"),
        ((" ended", ".", " Then"), 2, "it is the first token of a sentence"),
        ((" one", " two", " three"), 2, "“one” is one of the four tokens before"),
        ((" a", "\n", "B"), 1, "the token is a line break"),
        ((" a", " b", " c", " d", " e"), 3, "it is among the first 4 tokens"),
    ],
)
def test_it_is_said_of_the_token(tokens: tuple[str, ...], at: int, rule: str):
    assert rule in said(*tokens)[at]


@pytest.mark.parametrize(
    ("tokens", "at", "rule"),
    [
        ((" a", " (", "b", ")", " c"), 4, "it is inside brackets"),
        ((" “", "yes", "”", " no"), 3, "it is inside a quotation"),
        ((" ended", ".", " Then"), 1, "it is the first token of a sentence"),
        ((" ended", ".", " Then"), 2, "it is part of a name"),
        ((" run", "ning"), 0, "the word so far ends in “-ing”"),
        ((" 123", " cats"), 1, "it is part of a number"),
        ((" a", " b", " c", " d", " e"), 4, "it is among the first 4 tokens"),
        ((" in", " 7", " cats"), 1, "it is part of a date"),
    ],
)
def test_it_is_not_said_of_the_token(tokens: tuple[str, ...], at: int, rule: str):
    assert rule not in said(*tokens)[at]


def test_nothing_that_comes_later_changes_what_is_said_of_a_token():
    long = said(" He", " said", ":", " “", "yes", "”", ".", " Then")
    for n in range(1, 8):
        short = said(*(" He", " said", ":", " “", "yes", "”", ".", " Then")[:n])
        assert short == long[:n]


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        (" 42", "digits"),
        ("\n\n", "a line break"),
        ("  ", "white space"),
        (" (", "punctuation"),
        (" USA", "in capitals"),
        (" Anna", "capitalised"),
        ("ing", "the rest of a word"),
        (" cat", "a lower-case word or its beginning"),
    ],
)
def test_every_token_has_one_class(token: str, kind: str):
    assert class_of(token) == kind
    assert form(token)


def test_a_predicate_is_counted_once_a_token_and_rare_ones_are_none():
    found = predicates_of(text_of())
    for slots in found.of_token.reshape(-1, found.of_token.shape[2]):
        there = slots[slots > 0]
        assert len(np.unique(there)) == len(there)
    assert found.names[0] == Predicate("", "")
    assert len(set(found.names)) == len(found.names)


def test_a_word_that_a_tenth_of_the_fragments_mention_is_no_topic():
    tokens = (" common", " x")
    pieces = (*tokens, " seldom")
    ids = np.zeros((60, 2), dtype=np.int32)
    ids[:4, 1] = 2
    text = Text(ids, pieces, np.arange(60, dtype=np.int32), np.full(60, -1, dtype=np.int32))
    topics = {one.value for one in predicates_of(text).names if one.kind == "topic"}
    assert topics == {"seldom"}
