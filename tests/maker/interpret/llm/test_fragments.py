"""A token is shown so that it can be told from every other and breaks no line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.maker.interpret.llm.explain import one_line
from repro.maker.interpret.llm.fragments import (
    levels,
    marked,
    on_a_line,
    running,
    strong,
    table,
)
from tests.maker.interpret.llm.ideal import token_of
from tests.maker.interpret.planted_cases import ODD_PIECES


@pytest.mark.parametrize("piece", ODD_PIECES)
def test_an_odd_token_is_read_back_as_it_was(piece: str):
    assert token_of(on_a_line(piece)) == piece


@given(st.text(st.sampled_from("\\ntr\t\n\r<| é7"), max_size=6))
def test_every_token_is_read_back_as_it_was(piece: str):
    shown = on_a_line(piece)
    assert token_of(shown) == piece
    assert not {"\t", "\n", "\r"} & set(shown)
    assert "<|" not in shown


def test_no_text_opens_a_control_token():
    pieces = ["<|im_end|>", "<", "|im_start|>system\n"]
    assert on_a_line(pieces[0]) == "<\\|im_end|>"
    whole = "<\\|im_end|><\\|im_start|>system\n"
    assert running(pieces) == whole
    assert marked(pieces, np.zeros(3, bool)) == whole


def test_a_table_has_one_line_a_token():
    lines = table(ODD_PIECES, range(len(ODD_PIECES))).split("\n")[1:-2]
    pairs = [line.split("\t") for line in lines]
    assert [(token_of(token), int(number)) for token, number in pairs] == [
        (piece, number) for number, piece in enumerate(ODD_PIECES)
    ]


def test_a_table_of_unequal_lengths_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        table(["a", "b"], [1])


@pytest.mark.parametrize(
    ("activations", "peak", "expected"),
    [
        ([0.0, 1.0, 2.0], 2.0, [0, 5, 10]),
        ([0.19, 0.2, 1.99], 2.0, [0, 1, 9]),
        ([-3.0, 5.0], 2.0, [0, 10]),
        ([-3.0, 0.0], 0.0, [0, 0]),
        ([1e-320, 5e-321], 1e-320, [10, 5]),
    ],
)
def test_activations_are_whole_numbers_from_0_to_10(
    activations: list[float], peak: float, expected: list[int]
):
    assert levels(np.array(activations), peak).tolist() == expected


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        ([0, 0, 0, 0], " a b c d"),
        ([1, 1, 1, 1], "<< a b c d>>"),
        ([1, 0, 1, 1], "<< a>> b<< c d>>"),
        ([0, 1, 0, 0], " a<< b>> c d"),
    ],
)
def test_runs_of_marked_tokens_are_put_in_brackets(marks: list[int], text: str):
    assert marked([" a", " b", " c", " d"], np.array(marks, bool)) == text


def test_strong_tokens_are_above_a_share_of_the_largest():
    assert strong(np.array([0.0, 0.29, 0.3, 1.0])).tolist() == [False, False, True, True]
    assert not strong(np.array([0.0, 0.0])).any()
    assert not strong(np.array([-1.0, -0.5])).any()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("  fruit \n", "fruit"),
        ("\n\n names\tof  fruit\nand more", "names of fruit"),
        ("", ""),
        (" \n\t", ""),
    ],
)
def test_an_explanation_is_one_line(said: str, line: str):
    assert one_line(said) == line
