"""The section `fidelity`: what is measured of every dictionary."""

from typing import Annotated, Literal

from pydantic import Field

from repro.maker.params.executor import Executor
from repro.maker.params.section import Count, Section, Share


class Fidelity(Section):
    """What is measured of every dictionary, on held-out documents only."""

    top_k: Annotated[list[Count], Field(min_length=2)]
    """Component counts of the static and top-k baselines."""
    alive_firings: Annotated[int, Field(ge=0)]
    """A feature is alive above this many activations; 10 in the authors' code."""
    dense_share: Share
    """A feature is dense above this share of tokens."""
    frequent_share: Share
    """A feature is frequent from this share of tokens."""
    effective_share: Share
    """A feature is effective where its removal costs at least this part of an even share of the
    variance that the dictionary explains."""
    duplicate_cosine: Share
    """Decoder cosine above which two features are duplicates."""
    match_cosine: Share
    """Cosine from which a Hungarian match across seeds counts."""
    refit_tokens: Count
    """Held-out tokens on which active codes are refitted."""
    spliced_tokens: Count
    """Held-out tokens on which the language model is run with replaced activations."""
    spliced_groups: list[str]
    """Groups of the grid whose dictionaries are put into the language model."""
    spliced_top_k: list[Count]
    """Component counts at which PCA and neurons are put into the language model."""
    spliced_batch: Count
    """Sequences a forward pass there."""
    device: Literal["auto", "cpu", "cuda"]
    """Where it is measured."""
    executor: Executor
    """How the items are spread."""
