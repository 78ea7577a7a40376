"""Detection: does a fragment activate the unit, as explained?

Source: Paulo et al. (2024), detection scoring. Each fragment is shown alone; the answer is
log P(yes) − log P(no). The score is the area under the ROC curve (AUROC) of fragments in which
the unit fires against those in which it does not: no threshold, so a model that mostly says yes
loses nothing. The former are the variant's, the latter those drawn from anywhere that are silent. A
unit that fires in every fragment, as a dense one does, has no score: NaN.

Requests: one probe a run, one explanation a case, one each fragment that some variant scores.
"""

import numpy as np

from repro.maker.interpret.auroc import auroc
from repro.maker.interpret.case import Case, Drawn, Scored, Variant
from repro.maker.interpret.llm.answers import ask_words, margins, probe_answers, question
from repro.maker.interpret.llm.client import Client
from repro.maker.interpret.llm.explain import explain
from repro.maker.interpret.llm.fragments import firing, running, silent
from repro.maker.interpret.llm.variants import all_scored, by_variant, unscored

PURPOSE = "detection"

_TASK = (
    "A unit of a neural network responds to one particular thing in a text. You are told what it "
    "responds to and shown a text. Does the text contain it? Answer with one word: yes or no."
)
_EXAMPLES = (
    ("names of fruit", " She peeled a pear and two apples.", "yes"),
    ("dates", " The river froze and the boats lay idle.", "no"),
)


class Detection:
    """Does this fragment activate the unit?"""

    name = "detection"
    metric = "AUROC of yes against no: fragments in which the unit fires or does not"
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
        fragments = all_scored(case)
        asked = [
            question(self._client, detection_turns(explanation, running(case.text.tokens(f))))
            for f in fragments.tolist()
        ]
        answers = np.full(len(case.activations), np.nan)
        answers[fragments] = margins(ask_words(self._client, asked, purpose=PURPOSE))

        def score(drawn: Drawn, variant: Variant) -> float:
            yes, no = firing(case, drawn.of(variant)), silent(case, drawn.anywhere)
            return auroc(answers[yes], answers[no])

        return Scored((explanation,), by_variant(case, score))


def detection_turns(explanation: str, text: str) -> list[str]:
    """The conversation about one fragment."""
    turns = [_TASK]
    for words, shown, answer in _EXAMPLES:
        turns += [_question(words, shown), answer]
    return [*turns, _question(explanation, text)]


def _question(explanation: str, text: str) -> str:
    return f"It responds to: {explanation}\nText:{text}\nDoes the text contain it?"
