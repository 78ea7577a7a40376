"""Fragments as a language model is shown them: a token a line, or running text with marks."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from repro.maker.interpret.case import Case

STRONG = 0.3
"""Share of a fragment's largest activation from which a token is marked (as in delphi)."""
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def on_a_line(token: str) -> str:
    """A token that holds no tab and no line end; two tokens never look the same."""
    return tame(token.translate(_ESCAPES))


def tame(text: str) -> str:
    """Text that ends no turn: `<|`, which opens the control tokens of many models, is parted."""
    return text.replace("<|", r"<\|")


def levels(
    activations: Float[np.ndarray, "*shape"], peak: float, top: int = 10
) -> Int[np.ndarray, "*shape"]:
    """Activations as integers: floor(top · max(a, 0) / peak), at most top; 0 where peak is not > 0.

    Source: Bills et al. (2023), the scale on which their explainer is shown activations.
    """
    if not peak > 0:
        return np.zeros(activations.shape, dtype=int)
    scaled = np.floor(top * (np.maximum(activations, 0) / peak))
    return np.minimum(scaled, top).astype(int)


def table(tokens: Sequence[str], values: Sequence[object]) -> str:
    """Tokens and what belongs to them: token, tab, value, a line each."""
    lines = [f"{on_a_line(t)}\t{v}\n" for t, v in zip(tokens, values, strict=True)]
    return f"<start>\n{''.join(lines)}<end>\n"


def running(tokens: Sequence[str]) -> str:
    """A fragment as text."""
    return tame("".join(tokens))


def marked(tokens: Sequence[str], marks: Bool[np.ndarray, " token"]) -> str:
    """A fragment as text, with << and >> round every run of marked tokens."""
    pieces: list[str] = []
    inside = False
    for token, mark in zip(tokens, marks, strict=True):
        if mark != inside:
            pieces.append("<<" if mark else ">>")
        pieces.append(token)
        inside = bool(mark)
    return tame("".join(pieces) + (">>" if inside else ""))


def strong(activations: Float[np.ndarray, " token"]) -> Bool[np.ndarray, " token"]:
    """The tokens of a fragment that count as activating: above 0 and `STRONG` of the largest."""
    return (activations > 0) & (activations >= STRONG * activations.max())


def firing(case: Case, fragments: Int[np.ndarray, " n"]) -> Int[np.ndarray, " some"]:
    """Those fragments in which the unit is above 0 somewhere."""
    return fragments[(case.activations[fragments] > 0).any(axis=1)]


def silent(case: Case, fragments: Int[np.ndarray, " n"]) -> Int[np.ndarray, " some"]:
    """Those fragments in which the unit is nowhere above 0."""
    return fragments[~(case.activations[fragments] > 0).any(axis=1)]
