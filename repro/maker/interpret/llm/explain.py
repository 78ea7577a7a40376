"""An explanation in words, from fragments in which the unit is strongest.

Source: Bills et al. (2023), whose explainer the paper takes (appendix A): tokens and activations as
integers from 0 to 10, scaled by the largest of all that is shown; where few are above 0, those once
more alone. The wording and the worked examples are ours. One request a case.
"""

import numpy as np

from repro.maker.interpret.case import Case
from repro.maker.interpret.llm.client import Client
from repro.maker.interpret.llm.fragments import levels, table
from repro.maker.interpret.llm.request import Request, chat
from repro.maker.params.llm import LlmSettings

PURPOSE = "explain"
SPARSE = 0.2
"""Share of tokens above 0 below which those are listed once more alone."""
TOKENS = 60
"""Length of an answer at most."""

_TASK = (
    "You study single units of a neural network. A unit responds to one particular thing in a "
    "text. You are shown fragments of text, one token a line, each with the unit's response: "
    "token, tab, an integer from 0 (none) to 10 (the strongest). Say in one short line what the "
    "unit responds to. Name the thing; do not list words, and do not mention tokens or numbers."
)
_ASK = "Unit responds to:"
_EXAMPLES = (
    (
        (" She", " peeled", " a", " pear", " and", " two", " apples", "."),
        (0, 1, 0, 9, 0, 0, 10, 0),
        "names of fruit",
    ),
    (
        ("In", " March", " 2014", " the", " river", " froze", " until", " 15", " May"),
        (0, 8, 10, 0, 0, 0, 0, 6, 8),
        "dates",
    ),
)


def explain(client: Client, case: Case) -> str:
    """What the unit responds to, in one line; empty where the model had nothing to say.

    Every scorer of a case asks for the same explanation, which is asked once and then transcribed.
    """
    [reply] = client.ask([explanation_request(client.settings, case)], purpose=PURPOSE)
    return one_line(reply.choices[0].text)


def explanation_request(settings: LlmSettings, case: Case) -> Request:
    """What the explainer is asked about a case."""
    fragments = case.explain.top
    shown = case.activations[fragments]
    values = levels(shown, float(shown.max(initial=0.0)))
    tokens = [case.text.tokens(fragment) for fragment in fragments.tolist()]
    turns = [_TASK]
    for words, responses, answer in _EXAMPLES:
        turns += [f"{table(words, responses)}{_ASK}", answer]
    turns.append("".join(map(table, tokens, values.tolist())) + _alone(tokens, values) + _ASK)
    return chat(settings, turns, tokens=TOKENS)


def one_line(text: str) -> str:
    """The first line that says something, with single spaces."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return next(filter(None, lines), "")


def _alone(tokens: list[tuple[str, ...]], values: np.ndarray) -> str:
    """The tokens above 0 once more, where they are few."""
    if not values.size or (values > 0).mean() >= SPARSE:
        return ""
    parts = []
    for words, row in zip(tokens, values, strict=True):
        found = np.flatnonzero(row)
        parts.append(table([words[place] for place in found], row[found].tolist()))
    return "The same without zeros:\n" + "".join(parts)
