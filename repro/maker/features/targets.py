"""What is searched for: surface classes of tokens, fixed before any feature was looked at.

Paper: section 5.1 names an apostrophe feature, a full stop, " the" and the newline; section 5.3 a
closing parenthesis. Tokenizers merge: "'s" is one token of SmolLM2, so a target is a *set* of
tokens that follows from the tokenizer, not a character.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from repro.errors import ParamsError

APOSTROPHES, DASHES = ("'", "\N{RIGHT SINGLE QUOTATION MARK}"), "-\N{EN DASH}\N{EM DASH}"
SHORTEST = 5
"""Letters of a token from which its ending is a suffix of it."""


class Target(NamedTuple):
    """A class of tokens."""

    says: str
    """What a reader calls it."""
    holds: Callable[[str], bool]
    """Whether a token, as it stands in running text, belongs to it."""


def _ends_in(ending: str, piece: str) -> bool:
    word = piece.strip().casefold()
    return word.isalpha() and len(word) >= SHORTEST and word.endswith(ending)


def _is_word(word: str, piece: str) -> bool:
    return piece.strip().casefold() == word


def _is_capitalised(piece: str) -> bool:
    word = piece.strip()
    return piece[:1].isspace() and word.isalpha() and word.istitle() and len(word) > 1


TARGETS: Mapping[str, Target] = {
    "apostrophe": Target("an apostrophe within a word", lambda p: p.startswith(APOSTROPHES)),
    "closing_parenthesis": Target("a closing parenthesis", lambda p: p.strip().startswith(")")),
    "opening_parenthesis": Target("an opening parenthesis", lambda p: p.strip().startswith("(")),
    "opening_quote": Target(
        "an opening quotation mark",
        lambda p: (
            p.startswith((' "', "\N{LEFT DOUBLE QUOTATION MARK}"))
            or p.strip().startswith("\N{LEFT DOUBLE QUOTATION MARK}")
        ),
    ),
    "comma": Target("a comma", lambda p: p.strip().startswith(",")),
    "full_stop": Target("a full stop", lambda p: p.strip().startswith(".")),
    "newline": Target("a line break", lambda p: "\n" in p and not p.strip()),
    "digits": Target("digits", lambda p: p.strip().isdecimal()),
    "capitalised_word": Target("a word that begins with a capital", _is_capitalised),
    "dash": Target("a hyphen or dash", lambda p: p.strip()[:1] in tuple(DASHES)),
    "the": Target("“the”", lambda p: _is_word("the", p)),
    "and": Target("“and”", lambda p: _is_word("and", p)),
    "suffix_ing": Target("a word in -ing", lambda p: _ends_in("ing", p)),
    "suffix_ed": Target("a word in -ed", lambda p: _ends_in("ed", p)),
}
"""By name. The first two are the paper's; the others are of the same kind, and common."""


def members_of(target: str, pieces: Sequence[str]) -> Bool[np.ndarray, " vocabulary"]:
    """Which token ids belong to a target, by what they stand for in running text.

    Raises:
        ParamsError: none does, in this tokenizer.
    """
    found = np.fromiter(map(TARGETS[target].holds, pieces), dtype=bool, count=len(pieces))
    if not found.any():
        raise ParamsError(
            f"features.targets: no token of this tokenizer is {TARGETS[target].says}",
            expected="a target that has a token",
            mend=f"remove {target} from features.targets in params.yaml",
        )
    return found
