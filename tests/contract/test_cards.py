"""Cards come back as they were written, whatever their text; a line that is none is named."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from repro.contract.cards import CARDS, Excerpt, read_cards, write_cards
from repro.errors import EvidenceError
from tests.report.features.plausible_cards import plausible_card, plausible_cards


def test_text_with_every_kind_of_line_end_comes_back(tmp_path: Path) -> None:
    ends = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00", '"', ""]
    cards = [plausible_card(3).model_copy(update={"promoted": ends})]
    write_cards(tmp_path, cards)
    assert list(read_cards(tmp_path)) == cards


def test_no_cards_are_no_cards(tmp_path: Path) -> None:
    write_cards(tmp_path, [])
    assert list(read_cards(tmp_path)) == []


@pytest.mark.parametrize(
    "line",
    [b"{}", b"", b"\xff", b'{"id": "a"', b'["card"]'],
    ids=["empty", "blank", "bytes", "cut", "list"],
)
def test_a_line_that_is_no_card_is_told_by_its_number(tmp_path: Path, line: bytes) -> None:
    write_cards(tmp_path, plausible_cards(3, n_tokens=2))
    lines = (tmp_path / CARDS).read_bytes().splitlines()
    (tmp_path / CARDS).write_bytes(b"\n".join([*lines[:2], line, *lines[2:]]))
    with pytest.raises(EvidenceError, match=r"cards\.jsonl, line 3: "):
        list(read_cards(tmp_path))


def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path) -> None:
    text = plausible_card(1).model_copy(update={"id": "../up"}).model_dump_json()
    (tmp_path / CARDS).write_text(text, encoding="utf8")
    with pytest.raises(EvidenceError, match="line 1: id: "):
        list(read_cards(tmp_path))


@pytest.mark.parametrize(("activations", "predicted"), [([1.0], []), ([1.0, 2.0], [1.0])])
def test_a_number_for_each_token_or_none(activations: list[float], predicted: list[float]) -> None:
    with pytest.raises(ValidationError, match="one a token"):
        Excerpt(kind="top", tokens=["a", "b"], activations=activations, predicted=predicted)
