"""Features that have a label: a few words that hold most of what makes them fire.

    purity = sum_{t in S} a_t / sum_t a_t,   S the words that hold most of it on other documents

A label made so is true by measurement, and says in tokens what the model is expected to write; what
a language model would say of a feature could not be counted in its continuations.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from repro.maker.features.purity import likeliest_tokens

SHORTEST = 3
"""Letters of a keyword."""


class Label(NamedTuple):
    """What a feature is about."""

    unit: int
    """Number of the feature."""
    words: tuple[str, ...]
    """Its keywords, the one that holds most first, in small letters."""
    purity: float
    """Share of its activation that they hold, on documents on which they were not chosen."""
    share: float
    """Share of all tokens that they are."""


class Words(NamedTuple):
    """What each token would be as a keyword."""

    of_token: list[str]
    """A word in small letters, or nothing."""
    tokens: Mapping[str, list[int]]
    """The tokens that spell each word."""


def words_in(pieces: Sequence[str]) -> Words:
    """Words that the tokens of a vocabulary spell, whatever their case and space."""
    stripped = [piece.strip().casefold() for piece in pieces]
    found = [word if word.isalpha() and len(word) >= SHORTEST else "" for word in stripped]
    tokens: dict[str, list[int]] = {}
    for one, word in enumerate(found):
        tokens.setdefault(word, []).append(one)
    return Words(found, tokens)


def label_of(
    unit: int,
    a: Float[np.ndarray, " token"],
    ids: Int[np.ndarray, " token"],
    is_searched: Bool[np.ndarray, " token"],
    words: Words,
    count: int,
) -> Label | None:
    """The words that hold most of a unit's activation on one half; none where no word does.

    Every token that spells a keyword counts as it, with a space or a capital or without.
    """
    likely: list[int] = likeliest_tokens(a[is_searched], ids[is_searched], 4 * count).tolist()
    spelled = (words.of_token[one] for one in likely)
    found = list(dict.fromkeys(word for word in spelled if word))[:count]
    if not found:
        return None
    is_keyword = members(found, words)[ids]
    judged = np.maximum(a, 0.0) * ~is_searched
    total = float(judged.sum())
    purity = float((judged * is_keyword).sum()) / total if total > 0 else 0.0
    return Label(unit, tuple(found), purity, float(is_keyword.mean()))


def members(found: Sequence[str], words: Words) -> Bool[np.ndarray, " vocabulary"]:
    """Which token ids spell one of the keywords."""
    mask = np.zeros(len(words.of_token), dtype=bool)
    for word in found:
        mask[words.tokens[word]] = True
    return mask


def chosen(
    labels: Sequence[Label],
    n_random: int,
    n_best: int,
    least_purity: float,
    most_common: float,
    seed: list[int],
) -> list[tuple[str, Label]]:
    """Labelled features at random, and those of the purest labels; how each was chosen, and it.

    A feature that is both stands twice.
    """
    fit = [one for one in labels if one.purity >= least_purity and one.share <= most_common]
    order = np.random.default_rng(seed).permutation(len(fit))[:n_random]
    best = sorted(fit, key=lambda one: (-one.purity, one.unit))[:n_best]
    return [*(("random", fit[i]) for i in order), *(("best", one) for one in best)]
