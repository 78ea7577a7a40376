"""What a rule may say of a token: words about it and its context, each true or false."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from repro.maker.interpret.case import Text
from repro.maker.interpret.text import EXPLAIN

MONTHS = frozenset(
    {"january", "february", "march", "april", "may", "june", "july", "august", "september"}
    | {"october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep"}
    | {"sept", "oct", "nov", "dec"}
)
WORDS = {
    "token": "the token is {}",
    "exact": "the token is {}, so spelt",
    "word": "it is part of the word {}",
    "suffix": "the word so far ends in {}",
    "prefix": "the word begins with {}",
    "class": "the token is {}",
    "part": "it is part of {}",
    "after": "the token before is {}",
    "after_class": "the token before is {}",
    "near": "{} is one of the four tokens before",
    "sentence": "it is {} of a sentence",
    "inside": "it is inside {}",
    "start": "it is among the first {} tokens",
    "topic": "the fragment mentions {}",
}
"""How a rule of each kind reads."""
QUOTED = frozenset({"token", "exact", "word", "suffix", "prefix", "after", "near", "topic"})
CLOSERS = {"(": ")", "[": "]", "{": "}"}
FIRST = 4
LEAST_FRAGMENTS = 3
"""A predicate that holds in fewer of the explaining fragments is none."""
MOST_OF_FRAGMENTS = 0.1
"""A word that more of the fragments mention is no topic."""


class Predicate(NamedTuple):
    """Something that is true or false of a token in its fragment."""

    kind: str
    """One of `WORDS`."""
    value: str
    """What it is about."""

    def __str__(self) -> str:
        value = f"“{self.value}”" if self.kind in QUOTED else self.value
        return WORDS[self.kind].format(value)


class Predicates(NamedTuple):
    """Which predicates hold where; 0 stands for none."""

    names: tuple[Predicate, ...]
    """By number, from 1; the first is no predicate."""
    of_token: Int[np.ndarray, "fragment token slot"]
    """Numbers of those that hold of each token; none twice."""
    of_fragment: Int[np.ndarray, "fragment slot"]
    """Numbers of those that hold of all tokens of a fragment."""


def predicates_of(text: Text) -> Predicates:
    """All predicates of a text, numbered; only those that the explaining fragments show often."""
    codes: dict[Predicate, int] = {}
    shown = [text.tokens(i) for i in range(len(text.ids))]
    at_tokens = [_coded(found, codes) for tokens in shown for found in _of_tokens(tokens)]
    of_token = _even(at_tokens).reshape(*text.ids.shape, -1)
    n_local = len(codes)
    of_fragment = _even([_coded(_topics(tokens), codes) for tokens in shown])
    names = list(codes)
    explaining = text.block == EXPLAIN
    count = np.zeros(len(names), dtype=int)
    for rows in (*of_token[explaining], *of_fragment[explaining]):
        count[np.unique(rows[rows >= 0])] += 1
    is_kept = count >= LEAST_FRAGMENTS
    is_kept[n_local:] &= count[n_local:] <= MOST_OF_FRAGMENTS * explaining.sum()
    kept = sorted(names[i] for i in np.flatnonzero(is_kept))
    # The last is that of no predicate, which is coded as -1.
    number = np.zeros(len(names) + 1, dtype=np.int32)
    number[[codes[one] for one in kept]] = np.arange(1, len(kept) + 1)
    slots = (_sorted(number[codes_of]) for codes_of in (of_token, of_fragment))
    return Predicates((Predicate("", ""), *kept), *slots)


def _sorted(numbers: Int[np.ndarray, "*place slot"]) -> Int[np.ndarray, "*place slot"]:
    """The largest first: sets of text have no order that lasts from run to run."""
    return np.ascontiguousarray(np.sort(numbers, axis=-1)[..., ::-1])


def _coded(found: set[Predicate], codes: dict[Predicate, int]) -> list[int]:
    """A code for each predicate, given as they are met."""
    return [codes.setdefault(one, len(codes)) for one in found]


def _even(rows: list[list[int]]) -> Int[np.ndarray, "row slot"]:
    """Rows of one length, filled up with -1."""
    width = max(map(len, rows))
    return np.array([row + [-1] * (width - len(row)) for row in rows], dtype=np.int32)


def _topics(tokens: tuple[str, ...]) -> set[Predicate]:
    """Words of four letters or more that the fragment holds, wherever in it."""
    words = re.findall(r"[^\W\d_]{4,}", "".join(tokens))
    return {Predicate("topic", word.casefold()) for word in words}


def _of_tokens(tokens: tuple[str, ...]) -> Iterator[set[Predicate]]:
    """What holds of each token, seen from its left alone, as the language model sees it."""
    forms = [form(token) for token in tokens]
    classes = [class_of(token) for token in tokens]
    words = _words(tokens)
    for i, (context, so_far) in enumerate(zip(_contexts(tokens), words, strict=True)):
        found = {Predicate("token", forms[i]), Predicate("class", classes[i]), *context}
        if tokens[i].strip() not in ("", forms[i]):
            found.add(Predicate("exact", tokens[i].strip()))
        found |= _of_word(so_far, forms[i])
        if i:
            found |= {Predicate("after", forms[i - 1]), Predicate("after_class", classes[i - 1])}
        found |= {Predicate("near", one) for one in forms[max(0, i - 4) : i]}
        found |= {Predicate("part", one) for one in _parts(tokens, forms, i)}
        if i < FIRST:
            found.add(Predicate("start", str(FIRST)))
        yield found


def form(token: str) -> str:
    """A token without case and surrounding space; white space as its name."""
    bare = token.strip().casefold()
    if bare:
        return bare
    return "new line" if "\n" in token else "space"


def class_of(token: str) -> str:
    """What a token is made of: one of a few classes."""
    bare = token.strip()
    if not bare:
        return "a line break" if "\n" in token else "white space"
    if bare.isdecimal():
        return "digits"
    if not any(letter.isalnum() for letter in bare):
        return "punctuation"
    if not token[0].isspace() and bare.islower():
        return "the rest of a word"
    if bare.isupper() and len(bare) > 1:
        return "in capitals"
    return "capitalised" if bare[0].isupper() else "a lower-case word or its beginning"


def _words(tokens: tuple[str, ...]) -> list[str]:
    """The letters of the word that each token belongs to, up to and with that token."""
    found, word = [], ""
    for token in tokens:
        bare = token.strip()
        goes_on = bare and not token[0].isspace() and bare[0].isalpha() and word
        word = (word if goes_on else "") + bare.casefold() if bare.isalpha() else ""
        found.append(word)
    return found


def _of_word(word: str, own: str) -> set[Predicate]:
    found = {Predicate("suffix", f"-{word[-n:]}") for n in (2, 3, 4) if len(word) > n + 1}
    found |= {Predicate("prefix", f"{word[:n]}-") for n in (2, 3) if len(word) > n + 1}
    return found | ({Predicate("word", word)} if word and word != own else set())


def _parts(tokens: tuple[str, ...], forms: list[str], i: int) -> Iterator[str]:
    """Number, date, name: as the tokens up to this one tell."""
    if forms[i].isdecimal():
        yield "a number"
        dated = any(one in MONTHS for one in forms[max(0, i - 6) : i])
        if dated or re.fullmatch(r"1[5-9]\d\d|20\d\d", forms[i]):
            yield "a date"
    if forms[i] in MONTHS and tokens[i].strip()[0].isupper():
        yield "a date"
    is_capitalised = tokens[i].strip()[:1].isupper()
    if (
        i
        and is_capitalised
        and not re.search(r"[.!?:\n\"“]\s*$", "".join(tokens[max(0, i - 2) : i]))
    ):
        yield "a name"


def _contexts(tokens: tuple[str, ...]) -> Iterator[set[Predicate]]:
    """Place in the sentence, in a quotation, in brackets."""
    quoted, brackets, first = False, list[str](), True
    for token in tokens:
        found = {Predicate("sentence", "the first token")} if first else set[Predicate]()
        found |= {Predicate("inside", "a quotation")} if quoted else set()
        found |= {Predicate("inside", "brackets")} if brackets else set()
        yield found
        for letter in token:
            quoted = _quoted(quoted, letter)
            if letter in CLOSERS:
                brackets.append(CLOSERS[letter])
            elif brackets and letter == brackets[-1]:
                brackets.pop()
        if token.strip():
            first = bool(re.search(r"[.!?][\"”’)]*$", token.strip()))
        first |= "\n" in token


def _quoted(quoted: bool, letter: str) -> bool:
    if letter == '"':
        return not quoted
    return letter == "“" or (quoted and letter != "”")
