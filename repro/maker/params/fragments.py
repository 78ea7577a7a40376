"""Fragments of text that no other stage has used: what the stages that read single units share."""

from typing import Annotated, Literal

from pydantic import Field

from repro.maker.params.executor import Executor
from repro.maker.params.section import Count, Section


class Fragments(Section):
    """Which text is read, and how the language model is run on it."""

    tokens: Count
    """Tokens of text that no other stage has used: half to find or explain, half to judge."""
    fragment: Annotated[int, Field(ge=8)]
    """Tokens a fragment; 64 in the paper. Each is a sequence of its own."""
    blocks: Annotated[int, Field(ge=3)]
    """Blocks of documents in the half on which is judged; each gives a number of its own."""
    seed: int
    """Seed of the text, the units and the fragments."""
    batch: Count
    """Fragments a forward pass."""
    device: Literal["auto", "cpu", "cuda"]
    """Where the language model runs."""
    executor: Executor
    """How the items are spread."""
