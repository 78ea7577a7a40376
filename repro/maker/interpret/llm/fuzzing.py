"""Fuzzing: are the marked tokens those that activate the unit, as explained?

Source: Paulo et al. (2024), fuzzing. Each fragment in which the unit fires is shown twice: with
the tokens marked that activate it (0.3 of the fragment's largest activation and more), and with
as many others marked, drawn at random. The answer is log P(yes) − log P(no); the score is the area
under the ROC curve (AUROC) of right against wrong marks. A fragment with no token to mark wrongly
is left out; a block without fragments is NaN.

Requests: one probe a run, one explanation a case, two each fragment in which the unit fires.
"""

import numpy as np
from jaxtyping import Bool, Int

from repro.maker.interpret.auroc import auroc
from repro.maker.interpret.case import Case, Drawn, Scored, Variant
from repro.maker.interpret.llm.answers import ask_words, margins, probe_answers, question
from repro.maker.interpret.llm.client import Client
from repro.maker.interpret.llm.explain import explain
from repro.maker.interpret.llm.fragments import firing, marked, strong
from repro.maker.interpret.llm.request import Request
from repro.maker.interpret.llm.variants import all_scored, by_variant, unscored

PURPOSE = "fuzzing"

_TASK = (
    "A unit of a neural network responds to one particular thing in a text. You are told what it "
    "responds to and shown a text in which some tokens are marked, << and >> round them. Are the "
    "marked tokens what it responds to? Answer with one word: yes or no."
)
_EXAMPLES = (
    ("names of fruit", " She peeled a<< pear>> and two<< apples>>.", "yes"),
    ("dates", "In March 2014<< the river>> froze until 15 May", "no"),
)


class Fuzzing:
    """Are the marked tokens those that activate the unit?"""

    name = "fuzzing"
    metric = "AUROC of yes against no: fragments with the right or with other tokens marked"
    chance = 0.5
    ends = (0.0, 1.0)

    def __init__(self, client: Client) -> None:
        """Ask the endpoint once whether it can be read.

        Raises:
            EndpointError: it tells no log-probabilities.
        """
        self._client = client
        probe_answers(client)

    def __call__(self, case: Case) -> Scored:
        """Explain on the one half, score on the other."""
        explanation = explain(self._client, case)
        if not explanation:
            return Scored((), unscored(case))
        fires = firing(case, all_scored(case)).tolist()
        fragments = np.array([f for f in fires if _can_err(case, f)], dtype=int)
        every = fragments.tolist()
        asked = [self._asked(case, explanation, f, kind) for kind in (0, 1) for f in every]
        answers = np.full((2, len(case.activations)), np.nan)
        told = margins(ask_words(self._client, asked, purpose=PURPOSE))
        answers[:, fragments] = told.reshape(2, -1)

        def score(drawn: Drawn, variant: Variant) -> float:
            kept = np.intersect1d(drawn.of(variant), fragments)
            return auroc(answers[0, kept], answers[1, kept])

        return Scored((explanation,), by_variant(case, score))

    def _asked(self, case: Case, explanation: str, fragment: int, kind: int) -> Request:
        marks = strong(case.activations[fragment])
        if kind:
            marks = others(marks, np.random.default_rng([self._client.settings.seed, fragment]))
        text = marked(case.text.tokens(fragment), marks)
        return question(self._client, fuzzing_turns(explanation, text))


def others(
    marks: Bool[np.ndarray, " token"], draw: np.random.Generator
) -> Bool[np.ndarray, " token"]:
    """As many marks on tokens without one, or on all of these where they are fewer."""
    free: Int[np.ndarray, " n"] = np.flatnonzero(~marks)
    chosen = draw.choice(free, size=min(int(marks.sum()), free.size), replace=False)
    wrong = np.zeros_like(marks)
    wrong[chosen] = True
    return wrong


def fuzzing_turns(explanation: str, text: str) -> list[str]:
    """The conversation about one fragment."""
    turns = [_TASK]
    for words, shown, answer in _EXAMPLES:
        turns += [_question(words, shown), answer]
    return [*turns, _question(explanation, text)]


def _can_err(case: Case, fragment: int) -> bool:
    return not strong(case.activations[fragment]).all()


def _question(explanation: str, text: str) -> str:
    return f"It responds to: {explanation}\nText:{text}\nAre the marked tokens what it responds to?"
