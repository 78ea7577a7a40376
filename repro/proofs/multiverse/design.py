"""The covering design: few readings in which any two answers to any two questions meet."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import combinations
from typing import Any, NamedTuple

from repro.contract.ambiguities import AMBIGUITIES, Ambiguity, Answer
from repro.errors import ParamsError

BLOCKS = 5
"""Readings beside the first; ten questions at most can be told apart by three of five."""


class Reading(NamedTuple):
    """One way of reading the paper: what differs from the profile's own settings."""

    name: str
    """Short name: r0, r1, ..."""
    answers: Mapping[str, Answer]
    """Other answers, by id of the ambiguity; empty for the profile as it is."""


def in_design(register: Sequence[Ambiguity] = AMBIGUITIES) -> list[Ambiguity]:
    """The questions that the design tries, in the order of the register."""
    return [one for one in register if one.tried is not None]


def covering(register: Sequence[Ambiguity] = AMBIGUITIES) -> Iterator[Reading]:
    """The readings: for every two questions each of their four pairs of answers occurs.

    The first reading has every default. In the five others each question takes its other answer in
    three, a different three for each question: any two triples of five meet, and neither holds the
    other (Kleitman & Spencer 1973).

    Raises:
        ParamsError: more than ten questions are to be tried.
    """
    tried = in_design(register)
    triples = list(combinations(range(BLOCKS), 3))
    if len(tried) > len(triples):
        raise ParamsError(
            f"{len(tried)} questions are to be tried",
            expected=f"at most {len(triples)} in six readings",
            mend="drop `tried` from some entries of repro/contract/ambiguities.py",
        )
    yield Reading("r0", {})
    for block in range(BLOCKS):
        answers = {
            one.id: one.tried
            for one, triple in zip(tried, triples, strict=False)
            if block in triple and one.tried is not None
        }
        yield Reading(f"r{block + 1}", answers)


def applied(content: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """The content of a params file under a reading.

    Raises:
        ParamsError: a parameter that the register names is not in the file.
    """
    changed = deepcopy(dict(content))
    parameters = {one.id: one.parameter for one in in_design()}
    for name, answer in reading.answers.items():
        _set(changed, str(parameters[name]), answer)
    return changed


def _set(content: dict[str, Any], key: str, value: Answer) -> None:
    *parents, last = key.split(".")
    section = content
    for parent in parents:
        section = section.get(parent, {})
    if last not in section:
        raise ParamsError(
            f"{key} is not in the params file",
            expected="every parameter that repro/contract/ambiguities.py names",
            mend=f"add {key}, or mend the register",
        )
    section[last] = value
