"""How a language model is asked: which endpoint, how hard, by which scorers, about how much."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from repro.maker.params.section import Count, Positive, Section, mismatch

EMBEDDED = "embedded"
EMBEDDED_MODEL = "SmolLM2-135M-Instruct.Q4_1"
AskingScorer = Literal["simulation", "detection", "fuzzing", "intruder"]
"""A scorer that asks a language model."""
GOES_ON = frozenset(
    {"mode", "transcripts", "concurrency", "timeout_s", "retries", "backoff_s", "api_key_env"}
)
"""Settings that change how a run goes on and no number: evidence does not tell them, so that a
replay is the same to the byte."""


class LlmSettings(Section):
    """A language model that explains and scores, behind an OpenAI-compatible endpoint."""

    base_url: Annotated[str, Field(pattern=rf"^({EMBEDDED}|https?://.+)$")]
    """`embedded` for a server of our own on this machine, or a URL, mostly one that ends in /v1."""
    model: Annotated[str, Field(min_length=1)]
    """Name of the model, as the endpoint knows it; part of every transcript's key."""
    api_key_env: Annotated[str, Field(pattern=r"^([A-Z_][A-Z0-9_]*)?$")]
    """Environment variable that holds the key; empty where none is asked for."""
    prompt_logprobs: bool
    """Whether completions with `echo` tell log-probabilities of the prompt (vLLM: yes; llama.cpp
    takes the word and tells none): one prompt a fragment is then read, not one a token."""
    top_logprobs: Count
    """Likeliest tokens that are told at each place; OpenAI allows 5 in completions, 20 in chats."""
    seed: Annotated[int, Field(ge=0)]
    """Sent with every request, beside temperature 0; draws of fragments start from it too."""
    concurrency: Count
    """Requests under way at once."""
    timeout_s: Positive
    """Seconds after which silence counts as failure."""
    retries: Annotated[int, Field(ge=0)]
    """How often a request is sent again after a failure that may pass."""
    backoff_s: Positive
    """Seconds before it is first sent again, doubled each time; `Retry-After` may ask for more."""
    mode: Literal["record", "replay"]
    """Ask for what has no transcript yet; or answer from transcripts alone, without a network."""
    threads: Count
    """Processor threads of the embedded server. Threads beyond free cores make it much slower."""
    max_features: Count
    """How many units of each decomposition are asked about at most, over all its seeds."""

    @model_validator(mode="after")
    def _embedded_is_known(self) -> "LlmSettings":
        if self.base_url == EMBEDDED and self.model != EMBEDDED_MODEL:
            raise mismatch("model", f"the embedded server has no {self.model!r}", EMBEDDED_MODEL)
        return self


class Llm(LlmSettings):
    """Scorers that ask it, and what about."""

    scorers: Annotated[list[AskingScorer], Field(min_length=1)]
    """Scorers that are run."""
    planted: Annotated[int, Field(ge=2)]
    """Planted features of each number of meanings that are asked about: the first of them."""
    transcripts: Annotated[str, Field(min_length=1)]
    """Folder of every request and its reply, kept across runs; seen from the params file."""
