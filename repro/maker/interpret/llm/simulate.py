"""Simulation: from the explanation alone, how strongly does the unit respond to each token?

Source: Bills et al. (2023); the paper scores by it (appendix A, C.2). The model reads the fragment
as lines of token, tab, `unknown`; where an activation would stand, its distribution over the
levels 0, 1, ..., 10 is read from log-probabilities, normalised over the levels told, and its mean
is the prediction. Where none was among the likeliest tokens the prediction is 0, as theirs is. The
score is the Pearson correlation with the true activations over the pooled tokens of the fragments;
NaN where no level was told at any of them.

Bills et al. read all places of a fragment from one prompt with `echo`, which needs the
log-probabilities of the *prompt*. llama.cpp takes `echo` and tells none of these, so there each
place is a prompt of its own that ends where the activation would stand: the same question after
the same context. A fragment is one request either way, and a server that keeps what prompts share
reads only the new line of each.

A tokenizer that writes 10 as 1 and 0 cannot tell these levels apart by one token: its scale ends
at 9. The correlation does not depend on the scale.

Requests: one probe a run, one explanation a case, one each fragment that some variant scores.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from repro.errors import EndpointError
from repro.maker.interpret.case import Case, Scored, correlation
from repro.maker.interpret.llm.client import Client
from repro.maker.interpret.llm.explain import explain
from repro.maker.interpret.llm.fragments import on_a_line, table
from repro.maker.interpret.llm.reply import Choice
from repro.maker.interpret.llm.request import Request, completions
from repro.maker.interpret.llm.variants import all_scored, by_variant, unscored

PURPOSE, PROBE = "simulate", "probe simulation"
UNKNOWN = "unknown"

_TASK = (
    "Each unit of a neural network responds to one particular thing in a text. From a line that "
    "says what it responds to, tell how strongly it responds to each token: token, tab, an integer "
    f'from 0 to {{top}}. "{UNKNOWN}" stands where it was not measured. Most responses are 0.\n'
)
_EXAMPLES = (
    (
        "names of fruit",
        (" She", " peeled", " a", " pear", " and", " two", " apples", " today", "."),
        (UNKNOWN, UNKNOWN, UNKNOWN, 9, 0, 0, 10, 0, 0),
    ),
    (
        "dates",
        ("In", " March", " 2014", " the", " river", " froze", " until", " 15", " May"),
        (UNKNOWN, 8, 10, 0, 0, 0, 0, 6, 8),
    ),
)


class Simulation:
    """The paper's score."""

    name = "simulation"
    metric = "Pearson correlation of true and simulated activations over pooled tokens"
    chance = 0.0
    ends = (-1.0, 1.0)

    def __init__(self, client: Client) -> None:
        """Ask the endpoint once whether it can be read.

        Raises:
            EndpointError: it tells no log-probabilities, or none of prompts though it should.
        """
        self._client = client
        self.top = largest_level(client)

    def __call__(self, case: Case) -> Scored:
        """Explain on the one half, score on the other."""
        explanation = explain(self._client, case)
        if not explanation:
            return Scored((), unscored(case))
        predicted = self.predict(case, explanation, all_scored(case))

        def score(fragments: Int[np.ndarray, " n"]) -> float:
            guesses = np.array([predicted[f] for f in fragments.tolist()]).ravel()
            if np.isnan(guesses).all():
                return float("nan")
            return correlation(case.activations[fragments].ravel(), np.nan_to_num(guesses))

        return Scored((explanation,), by_variant(case, lambda drawn, v: score(drawn.of(v))))

    def predict(
        self, case: Case, explanation: str, fragments: Int[np.ndarray, " n"]
    ) -> dict[int, Float[np.ndarray, " token"]]:
        """Expected level of each token, by fragment; NaN where no level was among the likeliest.

        Raises:
            EndpointError: the endpoint's tokens are not those of the prompt.
        """
        asked = [
            place_prompts(explanation, case.text.tokens(f), self.top) for f in fragments.tolist()
        ]
        requests = [self._request(prompts) for prompts in asked]
        replies = self._client.ask(requests, purpose=PURPOSE)
        found: dict[int, Float[np.ndarray, " token"]] = {}
        for fragment, prompts, reply in zip(fragments.tolist(), asked, replies, strict=True):
            if self._client.settings.prompt_logprobs:
                tops = list(_at_tabs(reply.choices[0], prompts[-1]))[-len(prompts) :]
            else:
                tops = [choice.tops[0] if choice.tops else {} for choice in reply.choices]
            found[fragment] = np.array([expected_level(top, self.top) for top in tops])
        return found

    def _request(self, prompts: Sequence[str]) -> Request:
        if self._client.settings.prompt_logprobs:
            prompts = [prompts[-1] + UNKNOWN]
        return completions(self._client.settings, prompts)


def place_prompts(explanation: str, tokens: Sequence[str], top: int) -> list[str]:
    """For each token the text before its activation: it ends with that token and a tab."""
    text = _TASK.format(top=top)
    for number, (words, shown, responses) in enumerate(_EXAMPLES, 1):
        capped = [one if isinstance(one, str) else min(one, top) for one in responses]
        text += f"\nUnit {number}\nIt responds to: {words}\n{table(shown, capped)}"
    text += f"\nUnit {len(_EXAMPLES) + 1}\nIt responds to: {explanation}\n<start>\n"
    prompts = []
    for token in tokens:
        text += f"{on_a_line(token)}\t"
        prompts.append(text)
        text += f"{UNKNOWN}\n"
    return prompts


def expected_level(top: Mapping[str, float], largest: int) -> float:
    """Mean of the levels 0, ..., `largest` under their normalised probabilities; NaN without."""
    by_name = {str(level): level for level in range(largest + 1)}
    told = [(by_name[t.strip()], logprob) for t, logprob in top.items() if t.strip() in by_name]
    if not told:
        return float("nan")
    values, logprobs = np.array(told, dtype=float).T
    weights = np.exp(logprobs - logprobs.max())
    return float(weights @ values / weights.sum())


def largest_level(client: Client) -> int:
    """10 where the endpoint's tokenizer has a token for it, else 9: asked with one request.

    Raises:
        EndpointError: it tells no log-probabilities, or none of prompts though it should.
    """
    prompt = _TASK.format(top=10) + "<start>\n" + " yes\t10\n" * 8 + " yes\t"
    request = completions(client.settings, [prompt])
    [reply] = client.ask([request], purpose=PROBE)
    [choice] = reply.choices
    if not choice.tops or not choice.tops[-1]:
        raise EndpointError(
            f"{client.settings.model} at {client.settings.base_url} tells no log-probabilities",
            expected="completions with logprobs, from which distributions are read",
            mend="choose an endpoint that tells them (llama.cpp and vLLM do), or scorers without",
        )
    if client.settings.prompt_logprobs:
        list(_at_tabs(choice, prompt))
    return 10 if "10" in map(str.strip, choice.tops[-1]) else 9


def _at_tabs(choice: Choice, prompt: str) -> Iterator[dict[str, float]]:
    """What is told of the token after each tab of a prompt.

    No shown token holds a tab, so that the tabs number the places whatever the tokenizer does.
    """
    # The last token is the answer's.
    ends = [place for place, token in enumerate(choice.tokens[:-1]) if "\t" in token]
    whole = all(choice.tokens[place].endswith("\t") for place in ends)
    if not whole or sum(choice.tokens[p].count("\t") for p in ends) != prompt.count("\t"):
        raise EndpointError(
            f"of {prompt.count(chr(9))} places in a prompt the endpoint told {len(ends)} apart",
            expected="with echo, log-probabilities at every token of the prompt",
            mend="set prompt_logprobs: false",
        )
    for place in ends:
        yield choice.tops[place + 1]
