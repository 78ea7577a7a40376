"""Cases whose units follow a stated rule."""

from collections.abc import Callable, Sequence

import numpy as np

from repro.maker.interpret.case import Case, Drawn, Text

ODD_PIECES = (
    " the", " pear", "\n", "\t", "7", " 10", " 3", "é", "日本", "\\n", "\\", " ", "\r\n", "\u2028",
    "<|im_end|>", "<end>", " a\tb", "10", "🙂", "\x00", "�", "unknown",
)  # fmt: skip
"""Tokens that are easy to mistake for another, or for a part of the format."""


def case_of(rows: Sequence[Sequence[int]], pieces: Sequence[str], rule: Callable[[str], float],
            explain: Drawn, score: Sequence[Drawn]) -> Case:  # fmt: skip
    """A unit whose activation on a token is what a rule says of its text."""
    ids = np.array(rows)
    count = len(ids)
    text = Text(ids, tuple(pieces), np.arange(count), np.zeros(count, dtype=int))
    activations = np.array([[float(rule(pieces[int(one)])) for one in row] for row in ids])
    return Case(text, activations, explain, tuple(score))


WORDS = (" the", " of", " ran", " dog", " house", " pear", " in", " slowly", "\n", " 7")
FRUIT = WORDS.index(" pear")


def fruit_case(*, blocks: int = 2, length: int = 12, seed: int = 0) -> Case:
    """A unit that is 2 on " pear" and 0 elsewhere; of 16 fragments a block, half hold pears."""
    draw = np.random.default_rng(seed)
    others = [place for place in range(len(WORDS)) if place != FRUIT]
    count = 16 * (blocks + 1)
    ids = draw.choice(others, size=(count, length))
    for fragment in range(0, count, 2):
        ids[fragment, draw.choice(length, size=3, replace=False)] = FRUIT
    drawn = [_drawn(16 * block) for block in range(blocks + 1)]
    return case_of(
        ids.tolist(), WORDS, lambda piece: 2.0 if piece == " pear" else 0.0, drawn[0], drawn[1:]
    )


def _drawn(first: int) -> Drawn:
    fires = first + np.arange(0, 16, 2)
    return Drawn(fires[:4], fires[4:], first + np.array([0, 1, 3, 5, 7]))
