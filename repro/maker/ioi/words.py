"""The words and sentence forms from which prompts are made, embedded or from a file of yours."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from repro.errors import ParamsError
from repro.maker.engine.record import Record
from repro.maker.params.read import read_yaml

SLOTS = ("first", "second", "S", "place", "object")
MIN_NAMES = 6
"""Names below which pairs could not keep select and held-out prompts apart."""

Word = Annotated[str, Field(pattern=r"^\w+$")]


class Words(Record):
    """Names, places, objects and sentence forms."""

    names: list[Word]
    """People."""
    places: Annotated[list[Word], Field(min_length=1)]
    """Where they are."""
    objects: Annotated[list[Word], Field(min_length=1)]
    """What is given."""
    templates: Annotated[list[str], Field(min_length=1)]
    """Sentence forms with the slots first, second, S, place and object, each once."""
    plain: Annotated[list[str], Field(min_length=1)]
    """Sentence forms that end with the slot name."""

    @field_validator("templates")
    @classmethod
    def _has_slots(cls, templates: list[str]) -> list[str]:
        for text in templates:
            _demand(text, SLOTS)
            if not text.index("{second}") < text.index("{S}"):
                raise ValueError(f"{text!r}: {{S}} must come after {{first}} and {{second}}")
        return templates

    @field_validator("plain")
    @classmethod
    def _has_name(cls, plain: list[str]) -> list[str]:
        for text in plain:
            _demand(text, ("name",))
            if not text.endswith(" {name}"):
                raise ValueError(f"{text!r} must end with {{name}}")
        return plain


def _demand(text: str, slots: Iterable[str]) -> None:
    found = re.findall(r"\{(.*?)\}", text)
    for slot in slots:
        if found.count(slot) != 1:
            raise ValueError(f"{text!r} needs the slot {{{slot}}} just once")
    unknown = sorted(set(found) - set(slots))
    if unknown:
        raise ValueError(f"{text!r} has the unknown slot {{{unknown[0]}}}")
    if text.startswith("{"):
        raise ValueError(f"{text!r} starts with a slot: a name needs a space before it")


def file_of(source: str) -> Path:
    """The file that `ioi.words` names: `embedded`, or a path of yours."""
    return Path(__file__).with_name("words.yaml") if source == "embedded" else Path(source)


def read_words(source: str) -> Words:
    """The embedded words, or those of a YAML file.

    Raises:
        ParamsError: the file is missing, or a slot or a list is; names which.
    """
    path = file_of(source)
    try:
        return Words.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise ParamsError(
            f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            expected=f"names, places, objects, plain, and templates with {', '.join(SLOTS)}",
            mend=f"edit {path}, or write ioi.words: embedded",
        ) from None
