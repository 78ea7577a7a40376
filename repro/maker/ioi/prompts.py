"""Pairs of prompts: a clean sentence and a counterfactual one, which differ in names alone.

In the manner of the IOI data set (Wang et al. 2023) and the paper's section 4.1: a sentence names
two people, then the subject again, and ends where the indirect object (IO) comes. Every name is one
token of the model at hand, so both sentences have equal length.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from repro.errors import SourceError
from repro.maker.ioi.words import MIN_NAMES, Words

Corruption = Literal["io", "swapped", "all"]
PromptSplit = Literal["select", "heldout"]
Encode = Callable[[str], list[int]]
"""Text to token ids, without special tokens."""


class Pair(NamedTuple):
    """A clean and a counterfactual sentence; names in the order IO, S."""

    template: str
    clean: str
    counterfactual: str
    clean_names: tuple[str, str]
    counterfactual_names: tuple[str, str]
    clean_ids: list[int]
    counterfactual_ids: list[int]


class Batch(NamedTuple):
    """Pairs as tensors, padded on the right."""

    clean: Int[Tensor, "pairs tokens"]
    """Token ids of the clean prompts."""
    counterfactual: Int[Tensor, "pairs tokens"]
    """Token ids of the counterfactual prompts."""
    at: Int[Tensor, " pairs"]
    """Position after which the indirect object comes: the last one that is no padding."""
    changed: Bool[Tensor, "pairs tokens"]
    """From the first token that differs to the last that is no padding."""
    names: Int[Tensor, "pairs 2"]
    """Token ids of IO and S of the clean prompt."""


def single_tokens(words: Sequence[str], encode: Encode) -> list[str]:
    """Those words that are one token when a space comes before them."""
    return [word for word in words if len(encode(f" {word}")) == 1]


def usable_names(words: Words, encode: Encode) -> list[str]:
    """Names that are single tokens in the model at hand.

    Raises:
        SourceError: too few are.
    """
    names = single_tokens(words.names, encode)
    if len(names) < MIN_NAMES:
        raise SourceError(
            f"only {len(names)} of {len(words.names)} names are single tokens of this model",
            expected=f"at least {MIN_NAMES} names that its tokenizer keeps whole",
            mend="write a file with other names and give it as ioi.words in params.yaml",
        )
    return names


def draw_pairs(
    words: Words,
    encode: Encode,
    *,
    corruption: Corruption,
    counts: dict[PromptSplit, int],
    seed: int,
    bos: int | None,
) -> dict[PromptSplit, list[Pair]]:
    """Pairs of both splits; the same seed always draws the same.

    ABBA and BABA forms take turns. No two pairs, so no two splits, share a sentence form together
    with its two names.

    Args:
        words: names, places, objects, sentence forms.
        encode: the model's tokenizer.
        corruption: what the counterfactual changes: IO alone, both names exchanged, or every name.
        counts: pairs of each split.
        seed: seed of the draw.
        bos: beginning-of-sequence token, if the model is given one.

    Raises:
        SourceError: too few names are single tokens, or too few combinations exist.
    """
    names = usable_names(words, encode)
    wanted = sum(counts.values())
    _raise_unless_drawn_apart(wanted, 2 * len(words.templates) * len(names) * (len(names) - 1) // 2)
    things = {
        "place": single_tokens(words.places, encode) or words.places,
        "object": single_tokens(words.objects, encode) or words.objects,
    }
    prefix = [] if bos is None else [bos]
    generator = np.random.default_rng(seed)
    found: dict[tuple[str, frozenset[str]], Pair] = {}
    while len(found) < wanted:
        order = ("abba", "baba")[len(found) % 2]
        number = int(generator.integers(len(words.templates)))
        io, s, other, another = (str(n) for n in generator.choice(names, 4, replace=False))
        changed = {"io": (other, s), "swapped": (s, io), "all": (other, another)}[corruption]
        thing = {kind: of[int(generator.integers(len(of)))] for kind, of in things.items()}
        key = (f"{order}-{number:02d}", frozenset((io, s)))
        if key in found:
            continue
        form = words.templates[number]
        clean = _filled(form, order, (io, s), thing)
        counterfactual = _filled(form, order, changed, thing)
        ids = [prefix + encode(text) for text in (clean, counterfactual)]
        found[key] = Pair(key[0], clean, counterfactual, (io, s), changed, *ids)
    pairs = iter(found.values())
    return {split: [next(pairs) for _ in range(count)] for split, count in counts.items()}


def _raise_unless_drawn_apart(wanted: int, possible: int) -> None:
    if wanted > possible // 2:
        raise SourceError(
            f"{wanted} pairs of prompts are asked for, {possible} combinations exist",
            expected="at most half as many pairs, so that they can be drawn apart",
            mend="lower ioi.select_pairs or ioi.heldout_pairs in params.yaml",
        )


def _filled(template: str, order: str, names: tuple[str, str], thing: dict[str, str]) -> str:
    io, s = names
    first, second = (io, s) if order == "abba" else (s, io)
    return template.format(first=first, second=second, S=s, **thing)


def as_batch(pairs: Sequence[Pair], encode: Encode) -> Batch:
    """Pairs as tensors, padded on the right with token 0, as in the authors' code."""
    length = max(len(pair.clean_ids) for pair in pairs)
    clean = torch.zeros(len(pairs), length, dtype=torch.int64)
    counterfactual = torch.zeros_like(clean)
    changed = torch.zeros(len(pairs), length, dtype=torch.bool)
    for row, pair in enumerate(pairs):
        n = len(pair.clean_ids)
        clean[row, :n] = torch.tensor(pair.clean_ids)
        counterfactual[row, :n] = torch.tensor(pair.counterfactual_ids)
        first = int((clean[row] != counterfactual[row]).int().argmax())
        changed[row, first:n] = True
    at = torch.tensor([len(pair.clean_ids) - 1 for pair in pairs])
    names = torch.tensor([[encode(f" {n}")[0] for n in pair.clean_names] for pair in pairs])
    return Batch(clean, counterfactual, at, changed, names)


def roles(pair: Pair, encode: Encode) -> dict[str, list[int]]:
    """Positions of a clean prompt by what stands there: io, s1, s2, end; the rest is other."""
    io, s = (encode(f" {name}")[0] for name in pair.clean_names)
    where_s = [i for i, token in enumerate(pair.clean_ids) if token == s]
    where_io = [i for i, token in enumerate(pair.clean_ids) if token == io]
    return {
        "io": where_io[:1],
        "s1": where_s[:1],
        "s2": where_s[1:2],
        "end": [len(pair.clean_ids) - 1],
    }
