"""Features of known meaning over real text: what tells whether a scorer measures meaning.

A *pure* feature has one meaning, a *mixed* one is the sum of two to five unrelated ones, as
polysemantic neurons are said to be. A meaning is a family of words, alone or in a context, so that
it can be said in few words but is no single token.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from repro.errors import SourceError
from repro.maker.interpret.case import Text
from repro.maker.interpret.predicates import MONTHS, form

MOST_MEANINGS = 5
FEWEST = 10
"""Meanings without which a mixture of five says little."""
RAREST, COMMONEST = 3e-4, 0.08
"""Shares of the tokens between which a meaning neither is too rare nor drowns another."""
JITTER = 0.3
"""Standard deviation of the logarithm of an activation under its meaning."""
FAMILIES: Mapping[str, frozenset[str]] = {
    "months": MONTHS - {"may", "mar", "jan", "sep", "dec"},
    "numbers in words": frozenset({"one", "two", "three", "four", "five", "six", "seven", "ten"}),
    "he and his": frozenset({"he", "his", "him", "himself"}),
    "she and her": frozenset({"she", "her", "hers", "herself"}),
    "we and our": frozenset({"we", "our", "us", "ourselves"}),
    "I and my": frozenset({"i", "my", "me", "myself"}),
    "directions": frozenset({"north", "south", "east", "west", "northern", "southern"}),
    "saying": frozenset({"said", "says", "told", "asked", "added", "claimed"}),
    "must and may": frozenset({"must", "may", "might", "could", "should", "would"}),
    "being": frozenset({"is", "are", "was", "were", "be", "been"}),
    "having": frozenset({"has", "have", "had", "having"}),
    "because": frozenset({"because", "since", "although", "while", "though", "however"}),
    "kin": frozenset({"mother", "father", "son", "daughter", "wife", "brother", "family"}),
    "state": frozenset({"president", "minister", "government", "congress", "senate"}),
    "war": frozenset({"war", "army", "military", "forces", "troops", "battle"}),
    "sport": frozenset({"team", "season", "game", "players", "league", "club"}),
    "money": frozenset({"million", "billion", "dollars", "pounds", "tax", "money"}),
    "law": frozenset({"court", "judge", "law", "police", "justice", "trial"}),
    "science": frozenset({"study", "research", "scientists", "theory", "science"}),
    "time": frozenset({"year", "years", "month", "months", "week", "day", "days"}),
    "nearness": frozenset({"in", "at", "on", "near"}),
    "going": frozenset({"to", "from", "into", "through", "towards"}),
    "negation": frozenset({"not", "no", "never", "none", "nothing"}),
    "more": frozenset({"more", "most", "less", "many", "few", "much"}),
    "question": frozenset({"who", "what", "when", "where", "why", "how"}),
}
Test = Callable[[str], bool]
"""Whether a meaning holds of a token."""
MARKS: Mapping[str, Test] = {
    "brackets": lambda token: token.strip() in ("(", ")", " (", ")."),
    "quotation marks": lambda token: token.strip() in ('"', "“", "”"),
    "line breaks": lambda token: "\n" in token,
    "years": lambda token: token.strip().isdecimal(),
    "-ing": lambda token: len(token.strip()) > 4 and token.strip().endswith("ing"),
    "-ed": lambda token: len(token.strip()) > 4 and token.strip().endswith("ed"),
    "-ly": lambda token: len(token.strip()) > 4 and token.strip().endswith("ly"),
    "-tion": lambda token: len(token.strip()) > 5 and token.strip().endswith("tion"),
    "capitals": lambda token: len(token.strip()) > 1 and token.strip().isupper(),
    "dashes": lambda token: token.strip() in ("-", "–", "—"),
    "semicolons": lambda token: token.strip() in (";", ":"),
}


class Planted(NamedTuple):
    """A feature whose meanings are known."""

    meanings: tuple[str, ...]
    """Names of its meanings."""
    activations: Float[np.ndarray, "fragment token"]
    """What it does on the text."""


def meanings_of(text: Text) -> dict[str, Bool[np.ndarray, "fragment token"]]:
    """Where each meaning holds; those of less than 0.03 % or more than 8 % of the tokens go.

    A text that has few of the named families, such as one in another language, gives families of
    its own: tokens with the same ending.

    Raises:
        SourceError: the text has too few meanings to mix them.
    """
    found = _fitting(text, {**{name: _among(words) for name, words in FAMILIES.items()}, **MARKS})
    if len(found) < FEWEST:
        found |= _fitting(text, {f"-{end}": _ends_in(end) for end in _endings(text)})
    if len(found) < FEWEST:
        raise SourceError(
            f"the text has {len(found)} meanings that could be planted",
            expected=f"{FEWEST} at least: families of words of 0.03 % to 8 % of its tokens",
            mend="raise interpret.tokens in params.yaml, or fetch another text",
        )
    return found


def _fitting(text: Text, tests: Mapping[str, Test]) -> dict[str, np.ndarray]:
    held = {
        name: np.array([test(piece) for piece in text.pieces])[text.ids]
        for name, test in tests.items()
    }
    return {name: one for name, one in held.items() if RAREST <= one.mean() <= COMMONEST}


def _among(words: frozenset[str]) -> Test:
    return lambda token: form(token) in words


def _ends_in(end: str) -> Test:
    return lambda token: form(token).endswith(end)


def _endings(text: Text) -> list[str]:
    """The endings of one or two letters that the text's tokens have."""
    forms = {form(text.pieces[one]) for one in np.unique(text.ids).tolist()}
    return sorted({one[-n:] for one in forms for n in (1, 2) if len(one) > n and one.isalpha()})


def planted_features(text: Text, n_meanings: int, count: int, seed: int) -> list[Planted]:
    """Features of so many meanings, drawn without order from all that the text has.

        a(t) = max over the meanings m that hold at t of s_m exp(JITTER e_t),   e_t ~ N(0, 1)

    Each meaning is scaled so that all weigh alike: s_m is one over the root of its share of the
    tokens, so that each has the same sum of squares, and no one of them rules.
    """
    held = meanings_of(text)
    names = sorted(held)
    rng = np.random.default_rng([seed, n_meanings, 0x9A7E])
    found = []
    for _ in range(count):
        chosen = [names[i] for i in rng.choice(len(names), n_meanings, replace=False)]
        noise = np.exp(JITTER * rng.standard_normal(text.ids.shape))
        parts = [held[name] / np.sqrt(held[name].mean()) for name in chosen]
        found.append(Planted(tuple(chosen), (np.max(parts, axis=0) * noise).astype(np.float32)))
    return found
