"""Targets follow from the tokenizer: sets of tokens, by what they stand for in running text."""

from typing import get_args

import numpy as np
import pytest

from repro.contract.vocabulary import VALUES
from repro.errors import ParamsError
from repro.maker.features.targets import TARGETS, members_of
from repro.maker.params.features import Target

PIECES = (
    "'", "'s", "\N{RIGHT SINGLE QUOTATION MARK}t", " '", ")", ").", " (", "(s", ' "', '"', ",",
    " ,", ".", "...", "\n", "\n\n", "7", " 2024", " London", " london", "London", " NATO", "-",
    " \N{EM DASH}", " the", "The", " then", " and", " going", "ing", " walked", " red", " thing",
)  # fmt: skip
WANTED = {
    "apostrophe": {"'", "'s", "\N{RIGHT SINGLE QUOTATION MARK}t"},
    "closing_parenthesis": {")", ")."},
    "opening_parenthesis": {" (", "(s"},
    "opening_quote": {' "'},
    "comma": {",", " ,"},
    "full_stop": {".", "..."},
    "newline": {"\n", "\n\n"},
    "digits": {"7", " 2024"},
    "capitalised_word": {" London"},
    "dash": {"-", " \N{EM DASH}"},
    "the": {" the", "The"},
    "and": {" and"},
    "suffix_ing": {" going", " thing"},
    "suffix_ed": {" walked"},
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_is_the_tokens_that_a_reader_would_name(target: str):
    members = members_of(target, PIECES)
    assert {PIECES[i] for i in np.flatnonzero(members)} == WANTED[target]


def test_params_may_ask_for_each_target_and_no_other_and_claims_may_name_it():
    assert {*get_args(Target)} == {*TARGETS}
    assert {*TARGETS} < VALUES["target"]


def test_a_target_without_a_token_is_told():
    with pytest.raises(ParamsError, match="no token of this tokenizer is a closing paren") as found:
        members_of("closing_parenthesis", ("a", " b"))
    assert "remove closing_parenthesis from features.targets" in found.value.mend
