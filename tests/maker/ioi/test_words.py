"""Words and sentence forms: enough of them, and a bad file is told in words."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from repro.errors import ParamsError
from repro.maker.ioi.words import read_words

GOOD: dict[str, Any] = {
    "names": ["Ann", "Bob"],
    "places": ["park"],
    "objects": ["ball"],
    "templates": ["Then {first} and {second} met at the {place}. {S} gave a {object} to"],
    "plain": ["They saw {name}"],
}


def read(folder: Path, **changes: Any):
    path = folder / "words.yaml"
    with path.open("w", encoding="utf8") as stream:
        YAML(typ="safe").dump({**GOOD, **changes}, stream)
    return read_words(str(path))


def test_the_embedded_words_are_as_many_as_the_claims_need():
    words = read_words("embedded")
    assert len(words.templates) >= 15  # each is read as ABBA and as BABA
    assert len(set(words.templates)) == len(words.templates)
    assert len(set(words.names)) == len(words.names) >= 50


def test_words_of_ones_own_are_read(tmp_path: Path):
    assert read(tmp_path).names == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"templates": ["Then {first} met {second} at the {place}. {S} gave it to"]}, "{object}"),
        ({"templates": ["To {S}, {first} and {second} at {place} gave {object}"]}, "must come"),
        (
            {"templates": ["{first} and {second} at the {place}: {S} gave {object} to"]},
            "starts with a slot",
        ),
        (
            {"templates": ["At {place} {first}, {second}: {S} gave {object} and {thing} to"]},
            "unknown slot {thing}",
        ),
        ({"plain": ["Then {name} left"]}, "must end with {name}"),
        ({"plain": ["They saw someone"]}, "{name}"),
        ({"templates": []}, "at least 1"),
        ({"names": ["Ann Lee"]}, "names"),
        ({"surnames": ["Lee"]}, "surnames"),
    ],
)
def test_a_form_without_its_slots_is_refused(tmp_path: Path, changes: dict[str, Any], told: str):
    with pytest.raises(ParamsError) as caught:
        read(tmp_path, **changes)
    assert told in str(caught.value)
    assert "words.yaml" in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path):
    with pytest.raises(ParamsError, match="nowhere"):
        read_words(str(tmp_path / "nowhere.yaml"))
