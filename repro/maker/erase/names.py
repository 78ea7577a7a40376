"""Prompts that ask for the gender of a name, and one that asks for a pronoun instead."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Int
from pydantic import Field, ValidationError
from torch import Tensor

from repro.errors import ParamsError, SourceError
from repro.maker.engine.record import Record
from repro.maker.params.read import read_yaml

Encode = Callable[[str], list[int]]
Task = Literal["gender", "pronoun"]
SHOWN, ASKED = "My name is {name} and I am a {answer}.\n", "My name is {name} and I am a"
TRANSFER = "{name} went to the store, and"
ANSWERS: Mapping[Task, tuple[str, str]] = {"gender": ("male", "female"), "pronoun": ("he", "she")}
"""In the order of the labels: 0 for men's names, 1 for women's."""
FEWEST = 4
"""Names of each gender below which halves of them say nothing."""


class Names(Record):
    """First names by gender."""

    male: Annotated[list[Annotated[str, Field(pattern=r"^\w+$")]], Field(min_length=1)]
    """Of men."""
    female: Annotated[list[Annotated[str, Field(pattern=r"^\w+$")]], Field(min_length=1)]
    """Of women."""


class Prompts(NamedTuple):
    """Prompts of equal length that differ in the name."""

    ids: Int[Tensor, "prompt position"]
    """Token ids, with the token that begins a sequence, if one does."""
    label: Int[Tensor, " prompt"]
    """0 for men's names, 1 for women's."""
    is_training: Tensor
    """Half of the names: on which erasers are fitted and chosen."""
    first: int
    """Position of the name; what stands before it is the same in all, and is not edited."""
    answers: tuple[int, int]
    """Tokens of the two answers."""


def names_file(source: str) -> Path:
    """The file that `erase.names` means: `embedded`, or a path of yours."""
    return Path(__file__).with_name("names.yaml") if source == "embedded" else Path(source)


def read_names(source: str) -> Names:
    """The embedded names, or those of a YAML file.

    Raises:
        ParamsError: the file is missing or holds no such lists; names which.
    """
    path = names_file(source)
    try:
        return Names.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise ParamsError(
            f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            expected="two lists of first names, male and female",
            mend=f"edit {path}, or write erase.names: embedded",
        ) from None


def usable(names: Names, encode: Encode) -> tuple[list[str], list[str]]:
    """Names of one token after a space, as many of each gender, none of them of both.

    Raises:
        SourceError: too few are left.
    """
    both = set(names.male) & set(names.female)
    whole = [
        [n for n in dict.fromkeys(some) if n not in both and len(encode(f" {n}")) == 1]
        for some in (names.male, names.female)
    ]
    count = min(map(len, whole))
    if count < FEWEST:
        raise SourceError(
            f"of {len(names.male)} names of men and {len(names.female)} of women, "
            f"{len(whole[0])} and {len(whole[1])} are one token each in this tokenizer",
            expected=f"{FEWEST} or more of each",
            mend="give more names in a file of your own: erase.names in params.yaml",
        )
    return whole[0][:count], whole[1][:count]


def prompts_of(
    task: Task,
    names: Names,
    encode: Encode,
    bos: int | None,
    *,
    shots: int,
    most: int,
    seed: int,
) -> Prompts:
    """Prompts of one task; names that are shown are asked for by none.

    Raises:
        SourceError: too few names are one token, or an answer is not.
    """
    men, women = usable(names, encode)
    rng = np.random.default_rng([seed, 0xE4])
    men, women = (np.array(some)[rng.permutation(len(some))].tolist() for some in (men, women))
    if len(men) - shots < FEWEST - 1:
        raise SourceError(
            f"{len(men)} names of each gender are one token each, of which {shots} are shown",
            expected=f"{FEWEST - 1} or more that are not shown",
            mend="lower erase.shots, or give more names in a file of your own",
        )
    shown = "".join(
        SHOWN.format(name=name, answer=answer)
        for pair in zip(men[:shots], women[:shots], strict=True)
        for name, answer in zip(pair, ANSWERS["gender"], strict=True)
    )
    before, after = ASKED.split("{name}")
    if task == "pronoun":
        shown, before, after = "", "", TRANSFER.split("{name}")[1]
    start = [bos] if bos is not None else []
    head = [*start, *encode(shown + before.rstrip())]
    asked = [*men[shots : shots + most], *women[shots : shots + most]]
    ids = [[*head, *encode(f" {name}"), *encode(after)] for name in asked]
    n = len(asked) // 2
    return Prompts(
        ids=torch.tensor(ids),
        label=torch.arange(2).repeat_interleave(n),
        is_training=(torch.arange(n) % 2 == 0).repeat(2),
        first=len(head),
        answers=_answers(task, encode),
    )


def _answers(task: Task, encode: Encode) -> tuple[int, int]:
    found: list[int] = []
    for word in ANSWERS[task]:
        tokens: Sequence[int] = encode(f" {word}")
        if len(tokens) != 1:
            raise SourceError(
                f"the answer {word!r} is {len(tokens)} tokens in this tokenizer",
                expected="one token",
                mend="choose another model in fetch.model of params.yaml",
            )
        found += tokens
    return found[0], found[1]
