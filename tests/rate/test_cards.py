"""Cards that cannot be shown are refused by name; those that can are drawn evenly."""

from collections import Counter
from pathlib import Path

import pytest

from repro.contract.cards import CARDS, Excerpt, read_cards
from repro.errors import ReproError
from repro.rate.cards import draw, load_cards
from tests.rate import planted_cards
from tests.rate.planted_cards import METHODS, card, excerpt

SILENT_KIND = excerpt(1, "anywhere", 1, 1.0)
EMPTY = Excerpt(kind="top", tokens=[], activations=[], predicted=[])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([card("sae", 1), card("sae", 1)], "two cards have the id 'sae-1'"),
        ([card("sae", 1, excerpts=[])], "card 'sae-1' has no excerpt to show"),
        ([card("sae", 1, excerpts=[SILENT_KIND])], "card 'sae-1' has no excerpt to show"),
        ([card("sae", 1, excerpts=[EMPTY])], "has 0 tokens and 0 activations"),
    ],
)
def test_cards_that_cannot_be_shown_are_refused(tmp_path: Path, given, told: str):
    with pytest.raises(ReproError, match=told) as caught:
        load_cards(planted_cards.write(tmp_path, *given))
    assert str(tmp_path / CARDS) in caught.value.found


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "is missing"),
        (b"", "holds no card"),
        (b'{"id": 3}\n', "line 1: id: "),
        (b"no json\n", "line 1: top level: Invalid JSON"),
        (b'"\xff\xfe"\n', "line 1: top level: "),
    ],
)
def test_a_file_that_is_no_file_of_cards_is_refused(tmp_path: Path, content, told: str):
    if content is not None:
        (tmp_path / CARDS).write_bytes(content)
    with pytest.raises(ReproError, match=told) as caught:
        load_cards(tmp_path)
    assert caught.value.mend == "dvc repro interpret"


@pytest.mark.parametrize("sign", ["\u2028", "\u0085", "\x0c", "\n", "\x00", "\u202e"])
def test_a_card_comes_back_whatever_signs_its_text_holds(tmp_path: Path, sign: str):
    odd = Excerpt(kind="top", tokens=[f"a{sign}b"], activations=[1.0], predicted=[])
    given = [card("sae", 1, excerpts=[odd]), card("pca", 1)]
    assert list(read_cards(planted_cards.write(tmp_path, *given))) == given


@pytest.mark.parametrize(("asked", "got"), [(1, 1), (2, 2), (3, 2)])
def test_every_method_is_drawn_as_often_and_no_oftener_than_the_rarest_allows(
    tmp_path: Path, asked: int, got: int
):
    many = [*planted_cards.cards(2), *(card("sae", number) for number in range(2, 9))]
    drawn = draw(load_cards(planted_cards.write(tmp_path, *many)), asked)
    assert Counter(one.method for one in drawn) == dict.fromkeys(METHODS, got)
    assert len({one.id for one in drawn}) == len(drawn)


def test_which_are_drawn_is_a_matter_of_chance_and_of_the_cards(tmp_path: Path):
    many = [card("sae", number) for number in range(12)]
    drawn = []
    for name, given in (("one", many), ("more", [*many, card("sae", 12)])):
        folder = tmp_path / name
        folder.mkdir()
        found = draw(load_cards(planted_cards.write(folder, *given)), 4)
        drawn.append([one.id for one in found])
    assert drawn[0] != drawn[1]
    assert [one.id for one in many[:4]] not in drawn


def test_who_draws_fewer_draws_some_of_the_same(cards):
    few, all_ = ({one.id for one in draw(cards, n)} for n in (1, 2))
    assert few < all_


def test_units_that_were_listed_for_another_reason_are_never_rated(tmp_path: Path):
    drawn = planted_cards.cards(2)
    listed = [card("sae", number, chosen=["ioi"], excerpts=[]) for number in range(2, 9)]
    both = card("sae", 9, chosen=["interpret", "ioi"])
    found = load_cards(planted_cards.write(tmp_path, *listed, *drawn, both))
    assert [*found.cards] == [*drawn, both]
