"""Intruder: of n fragments, all but one make the unit fire. Which is the one that does not?

Source: intruder detection of Paulo et al.'s library delphi, which needs no explanation. The
fragments that fire have their activating tokens marked; the intruder has as many tokens marked as
these have on average, drawn at random. The answer is the number whose log-probability is largest;
one that names none is wrong. The score is the share of draws in which the intruder is found;
chance is 1/n. The intruder's place goes round from draw to draw, so that a model that always says
the same number scores chance when the draws are a multiple of n.

Requests: one probe a run, then `draws` each block and variant.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from repro.maker.interpret.case import Case, Drawn, Scored
from repro.maker.interpret.llm.answers import ask_words, probe_answers, question
from repro.maker.interpret.llm.client import Client
from repro.maker.interpret.llm.fragments import firing, marked, silent, strong
from repro.maker.interpret.llm.variants import VARIANTS

PURPOSE = "intruder"

_TASK = (
    "You are shown {n} texts. In all but one of them the tokens between << and >> have one "
    "particular thing in common; in one, the intruder, they have not. Answer with the number of "
    "the intruder alone: {numbers}."
)


class Draw(NamedTuple):
    """One question and its answer."""

    texts: tuple[str, ...]
    """What is shown, in order."""
    intruder: int
    """Place of the intruder, from 0."""


class Intruder:
    """Which of these fragments does not belong?"""

    name = "intruder"
    metric = "share of draws in which the fragment that does not fire is found"
    ends = (0.0, 1.0)

    def __init__(self, client: Client, *, fragments: int = 5, draws: int = 5) -> None:
        """Ask the endpoint once whether it can be read; from 2 to 9 `fragments` are shown.

        Raises:
            EndpointError: it tells no log-probabilities.
        """
        self._client, self._n, self._draws = client, fragments, draws
        self.chance = 1 / fragments
        probe_answers(client)

    def __call__(self, case: Case) -> Scored:
        """Score on the one half; the half for explanations is not needed."""
        drawn = {
            (v, block): self._drawn(case, one, [block, number])
            for number, v in enumerate(VARIANTS)
            for block, one in enumerate(case.score)
        }
        asked = [question(self._client, intruder_turns(d.texts)) for g in drawn.values() for d in g]
        tops = iter(ask_words(self._client, asked, purpose=PURPOSE))
        right = {
            key: [place_named(next(tops), self._n) == one.intruder for one in group]
            for key, group in drawn.items()
        }
        shares = {key: float(np.mean(one)) if one else float("nan") for key, one in right.items()}
        blocks = range(len(case.score))
        return Scored((), {v: tuple(shares[v, block] for block in blocks) for v in VARIANTS})

    def _drawn(self, case: Case, drawn: Drawn, place: Sequence[int]) -> list[Draw]:
        """The draws of one block and variant; none where there are too few fragments."""
        block, number = place
        insiders = firing(case, drawn.of(VARIANTS[number]))
        outsiders = silent(case, drawn.anywhere)
        if len(insiders) < self._n - 1 or not len(outsiders):
            return []
        draw = np.random.default_rng([self._client.settings.seed, block, number])
        found = []
        for turn in range(self._draws):
            inside = draw.choice(insiders, size=self._n - 1, replace=False)
            outside = int(draw.choice(outsiders))
            found.append(shown(case, inside.tolist(), outside, turn % self._n, draw))
        return found


def shown(
    case: Case, inside: Sequence[int], outside: int, place: int, draw: np.random.Generator
) -> Draw:
    """The fragments that fire, with the intruder put among them at a place."""
    strongest = [strong(case.activations[one]) for one in inside]
    texts = [marked(case.text.tokens(f), m) for f, m in zip(inside, strongest, strict=True)]
    count = max(1, round(np.mean([marks.sum() for marks in strongest])))
    marks: Bool[np.ndarray, " token"] = np.zeros(case.activations.shape[1], dtype=bool)
    marks[draw.choice(marks.size, size=count, replace=False)] = True
    texts.insert(place, marked(case.text.tokens(outside), marks))
    return Draw(tuple(texts), place)


def intruder_turns(texts: Sequence[str]) -> list[str]:
    """The conversation about one draw."""
    numbers = ", ".join(str(number) for number in range(1, len(texts) + 1))
    lines = [f"Text {number}:{text}\n" for number, text in enumerate(texts, 1)]
    ask = "Which text is the intruder? Its number:"
    return [_TASK.format(n=len(texts), numbers=numbers), "".join(lines) + ask]


def place_named(top: dict[str, float], n: int) -> int | None:
    """The place, from 0, of the likeliest number among 1, ..., n; None without any."""
    numbers = {str(number): number - 1 for number in range(1, n + 1)}
    told = [(logprob, numbers[t.strip()]) for t, logprob in top.items() if t.strip() in numbers]
    return max(told)[1] if told else None
