"""What a language model answered, in one form for the two dialects of log-probabilities.

Chats, and llama.cpp everywhere, tell `logprobs.content`, a list of tokens with their rivals;
completions of OpenAI and vLLM tell parallel lists, `logprobs.tokens` and `logprobs.top_logprobs`.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from repro.maker.engine.record import Record


class Choice(Record):
    """One answer."""

    text: str
    """What was written."""
    tokens: list[str]
    """Its tokens, after those of the prompt where these are told; empty without logprobs."""
    tops: list[dict[str, float]]
    """At each of them, the likeliest tokens and their log-probabilities in nats."""


class Reply(Record):
    """The answers to one request, in the order of its prompts."""

    model: str
    """What the endpoint says has answered."""
    choices: list[Choice]
    """One a prompt."""
    prompt_tokens: int
    """As the endpoint counts; llama.cpp counts the first of several prompts alone."""
    completion_tokens: int
    """As the endpoint counts."""


def read_reply(body: str, answers: int) -> Reply:
    """The reply that a body tells.

    Raises:
        ValueError: it is no reply: cut off, of another form, or of another number of answers.
    """
    try:
        told = json.loads(body)
        choices = sorted(told["choices"], key=lambda choice: choice["index"])
        usage = told.get("usage") or {}
        reply = Reply(
            model=str(told.get("model", "")),
            choices=[_choice(one) for one in choices],
            prompt_tokens=usage.get("prompt_tokens", 0),
            completion_tokens=usage.get("completion_tokens", 0),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no reply of this protocol: {error!r}") from None
    if len(reply.choices) != answers:
        raise ValueError(f"{len(reply.choices)} answers to {answers} prompts")
    return reply


def _choice(told: Mapping[str, Any]) -> Choice:
    text = told["message"]["content"] if "message" in told else told["text"]
    tokens, tops = _positions(told.get("logprobs") or {})
    return Choice(text=text or "", tokens=tokens, tops=tops)


def _positions(logprobs: Mapping[str, Any]) -> tuple[list[str], list[dict[str, float]]]:
    if content := logprobs.get("content"):
        tops = [_finite((t["token"], t["logprob"]) for t in o["top_logprobs"]) for o in content]
        return [one["token"] for one in content], tops
    tops = [_finite((top or {}).items()) for top in logprobs.get("top_logprobs") or []]
    return list(logprobs.get("tokens") or [])[: len(tops)], tops


def _finite(pairs: Any) -> dict[str, float]:
    """By text, to six decimals; of tokens that look the same (parts of a character) the likeliest.

    Log-probabilities come from single precision: more decimals would only fill transcripts. The
    order is that of the texts, so that a sum over them is the same to the last bit in a replay.
    """
    found: dict[str, float] = {}
    for text, logprob in pairs:
        if logprob is not None and math.isfinite(logprob):
            found[text] = max(round(float(logprob), 6), found.get(text, -math.inf))
    return dict(sorted(found.items()))
