"""Prompts of names: of equal length, none asked that is shown, halves of both genders."""

from pathlib import Path

import pytest
import torch

from repro.errors import ParamsError, SourceError
from repro.maker.erase.names import Names, names_file, prompts_of, read_names, usable

MEN = [f"Man{i}" for i in range(12)]
WOMEN = [f"Woman{i}" for i in range(10)]
BOS = 0


class Words:
    """A tokenizer of whole words; those of `split` are two tokens."""

    def __init__(self, split: tuple[str, ...] = ()) -> None:
        self.split, self.known = split, ["<bos>"]

    def __call__(self, text: str) -> list[int]:
        found = []
        for word in text.replace(".\n", " .\n").split():
            parts = [word[:2], word[2:]] if word in self.split else [word]
            for part in parts:
                if part not in self.known:
                    self.known.append(part)
                found.append(self.known.index(part))
        return found

    def told(self, ids: torch.Tensor) -> str:
        return " ".join(self.known[one] for one in ids.tolist())


@pytest.fixture
def names() -> Names:
    return Names(male=MEN, female=WOMEN)


def test_embedded_names_are_many_and_of_one_gender():
    found = read_names("embedded")
    for some in (found.male, found.female):
        assert len(some) == len({*some}) >= 80
    assert not {*found.male} & {*found.female}


def test_prompts_differ_in_the_name_alone_and_ask_for_none_that_is_shown(names: Names):
    encode = Words()
    found = prompts_of("gender", names, encode, BOS, shots=2, most=99, seed=3)
    told = [encode.told(ids) for ids in found.ids]
    asked = [encode.known[int(ids[found.first])] for ids in found.ids]
    assert len({*asked}) == len(told) == 2 * (len(WOMEN) - 2)
    shown = set(told[0].split()) & {*MEN, *WOMEN} - {asked[0]}
    assert len(shown) == 4
    assert not shown & {*asked}
    assert all(one.startswith("<bos> My name is") and one.endswith("and I am a") for one in told)
    assert [name in WOMEN for name in asked] == found.label.bool().tolist()
    assert (found.ids[:, : found.first] == found.ids[0, : found.first]).all()
    assert [encode.known[one] for one in found.answers] == ["male", "female"]


def test_the_same_names_are_in_the_same_half_of_both_tasks(names: Names):
    encode = Words()
    halves = []
    for task in ("gender", "pronoun"):
        found = prompts_of(task, names, encode, BOS, shots=2, most=99, seed=3)
        asked = [encode.known[int(ids[found.first])] for ids in found.ids]
        halves.append(dict(zip(asked, found.is_training.tolist(), strict=True)))
        for gender in (0, 1):
            assert abs(float(found.is_training[found.label == gender].float().mean()) - 0.5) < 0.1
    assert halves[0] == halves[1]


def test_no_more_names_are_asked_for_than_are_wanted(names: Names):
    found = prompts_of("gender", names, Words(), BOS, shots=2, most=5, seed=3)
    assert found.label.tolist() == [0] * 5 + [1] * 5
    assert len({*found.ids[:, found.first].tolist()}) == 10


def test_names_of_two_tokens_or_of_both_genders_are_left_out():
    encode = Words(split=("Man1", "Woman3"))
    men, women = usable(Names(male=[*MEN, "Kim"], female=[*WOMEN, "Kim"]), encode)
    assert len(men) == len(women) == 9
    assert not {"Man1", "Woman3", "Kim"} & {*men, *women}


def test_too_few_names_are_told_with_how_many_there_are(names: Names):
    with pytest.raises(SourceError, match="2 and 10 are one token each"):
        usable(names, Words(split=tuple(MEN[2:])))
    with pytest.raises(SourceError, match="of which 8 are shown"):
        prompts_of("gender", names, Words(), BOS, shots=8, most=99, seed=0)


def test_an_answer_of_two_tokens_is_told(names: Names):
    with pytest.raises(SourceError, match="'female' is 2 tokens"):
        prompts_of("gender", names, Words(split=("female",)), BOS, shots=1, most=99, seed=0)


def test_a_file_of_ones_own_is_read_and_a_bad_one_told(tmp_path: Path):
    file = tmp_path / "names.yaml"
    file.write_text("male: [Hans]\nfemale: [Grete]\n", encoding="utf8")
    assert read_names(str(file)).male == ["Hans"]
    file.write_text("male: [Hans]\n", encoding="utf8")
    with pytest.raises(ParamsError, match="female: Field required"):
        read_names(str(file))
    with pytest.raises(ParamsError, match="is missing"):
        read_names(str(tmp_path / "none.yaml"))
    assert names_file("embedded").is_file()
