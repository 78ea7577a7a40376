"""What a language model is asked: a path and a body, addressed by what they say."""

from collections.abc import Sequence
from typing import Any, Literal

from repro.maker.engine.provenance import key_of
from repro.maker.engine.record import Record
from repro.maker.params.llm import LlmSettings


class Request(Record):
    """One request; neither the address of the endpoint nor the key is part of it."""

    path: Literal["chat/completions", "completions"]
    """Below the base URL."""
    body: dict[str, Any]
    """As it is sent."""

    @property
    def key(self) -> str:
        """SHA-256 of all that it says."""
        return key_of(self.model_dump(mode="json"))


def chat(
    settings: LlmSettings, turns: Sequence[str], *, tokens: int, logprobs: bool = False
) -> Request:
    """A conversation: the system's words, then the user's and the assistant's in turn."""
    roles = ["system", *["user", "assistant"] * len(turns)]
    messages = [{"role": r, "content": t} for r, t in zip(roles, turns, strict=False)]
    told = {"logprobs": True, "top_logprobs": settings.top_logprobs} if logprobs else {}
    body = _common(settings, tokens) | told | {"messages": messages}
    return Request(path="chat/completions", body=body)


def completions(settings: LlmSettings, prompts: Sequence[str]) -> Request:
    """The next token of each prompt; with `prompt_logprobs`, all tokens of the prompts besides."""
    echo = {"echo": True} if settings.prompt_logprobs else {}
    told = {"prompt": list(prompts), "logprobs": settings.top_logprobs}
    return Request(path="completions", body=_common(settings, 1) | echo | told)


def _common(settings: LlmSettings, tokens: int) -> dict[str, Any]:
    fixed = {"model": settings.model, "temperature": 0.0, "seed": settings.seed}
    return fixed | {"max_tokens": tokens}
