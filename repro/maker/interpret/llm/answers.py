"""Answers of one word, read from the log-probabilities of the first token instead of the text."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from repro.errors import EndpointError
from repro.maker.interpret.llm.client import Client
from repro.maker.interpret.llm.request import Request, chat

PROBE = "probe answers"


def ask_words(
    client: Client, questions: Sequence[Request], *, purpose: str
) -> list[dict[str, float]]:
    """For each question the likeliest first tokens of its answer, with log-probabilities."""
    replies = client.ask(questions, purpose=purpose)
    tops = [reply.choices[0].tops for reply in replies]
    return [one[0] if one else {} for one in tops]


def probe_answers(client: Client) -> None:
    """Ask the endpoint once whether chats tell log-probabilities.

    Raises:
        EndpointError: they do not.
    """
    turns = ["Answer with one word: yes or no.", "Is water wet?"]
    [top] = ask_words(client, [question(client, turns)], purpose=PROBE)
    if not top:
        raise EndpointError(
            f"{client.settings.model} at {client.settings.base_url} tells no log-probabilities",
            expected="chats with logprobs and top_logprobs, from which answers are read",
            mend="choose a model or an endpoint that tells them (llama.cpp and vLLM do)",
        )


def question(client: Client, turns: Sequence[str]) -> Request:
    """A conversation whose answer is its first token."""
    return chat(client.settings, turns, tokens=1, logprobs=True)


def margins(tops: Sequence[Mapping[str, float]]) -> Float[np.ndarray, " question"]:
    """How much likelier yes is than no, log P(yes) − log P(no), in any case, spaces or none.

    A word that is not among the likeliest is at most as likely as the last of them, and counts
    so. An answer with neither says nothing: 0.
    """
    return np.array([_logprob(top, "yes") - _logprob(top, "no") for top in tops])


def _logprob(top: Mapping[str, float], word: str) -> float:
    found = [logprob for token, logprob in top.items() if token.strip().lower() == word]
    if found:
        return float(np.logaddexp.reduce(found))
    return min(top.values(), default=0.0)
