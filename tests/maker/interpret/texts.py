"""Small texts whose tokens are words, for tests of scorers."""

import numpy as np

from repro.maker.interpret.case import Text
from repro.maker.interpret.text import EXPLAIN
from repro.maker.params.interpret import Excerpts

WORDS = (
    " the", " cat", " sat", " on", " a", " mat", ".", " The", " dog", " ran", " to", " May",
    " 1999", ",", " (", ")", " running", " jumped", " nation", " of", " she", " he", " not", "\n",
)  # fmt: skip
SIZES = Excerpts(
    explained_top=4,
    explained_random=4,
    explained_anywhere=4,
    scored_top=2,
    scored_random=2,
    scored_anywhere=6,
)
BLOCKS = 3


def text_of(n_fragments: int = 120, n_tokens: int = 12, seed: int = 0) -> Text:
    """Random words; two fragments a document, half of the documents to explain."""
    rng = np.random.default_rng(seed)
    document = np.repeat(np.arange(n_fragments // 2), 2)
    block = np.where(document % 2 == 0, EXPLAIN, document // 2 % BLOCKS)
    ids = rng.integers(0, len(WORDS), (n_fragments, n_tokens), dtype=np.int32)
    return Text(ids, WORDS, document.astype(np.int32), block.astype(np.int32))


def firing_on(text: Text, *words: str, strength: float = 1.0) -> np.ndarray:
    """A feature that fires on some words, and nowhere else."""
    held = np.array([piece in words for piece in text.pieces])[text.ids]
    return (held * strength).astype(np.float32)
