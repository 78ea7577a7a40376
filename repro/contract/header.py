"""What stands beside a table of evidence: where it comes from, what it counts and speaks of."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from repro.contract.parquet import Kind

SCHEMA = 2
CHAIN: tuple[str, ...] = ("model_sha256", "tokens_sha256", "activations_sha256", "trained_sha256")
"""Hashes in the provenance, from the model and the tokens to the dictionaries."""


class Scope(BaseModel):
    """What the evidence speaks of, and so how far a verdict reaches."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    model: str
    """Language model, named for what it is."""
    text: str
    """Where the text comes from."""
    sources: dict[str, dict[str, float]]
    """Share of the tokens of each split that comes from each source of the text."""
    bos: str
    """Token that starts each sequence, as the tokenizer spells it; none where there is none."""
    sites: dict[str, str]
    """Role of each site, the hook that it names, and the weights where they are not the trained."""
    tokens: dict[str, int]
    """Activations of each split; training ones of a site that has fewer, by its name."""
    seeds: list[int]
    """Seeds of the grid."""
    device: str
    """Processor or accelerator of the training, and its arithmetic."""
    max_logit_difference: float
    """Largest difference between the logits of the adapter and of the plain model, at load."""
    is_paper_setting: bool
    """Whether model, sites and sizes are those of the paper."""


class Header(BaseModel):
    """What stands beside a table: where it comes from and what it counts."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    schema_version: int = Field(default=SCHEMA)
    """Version of this format."""
    name: str
    """Name of the table."""
    stage: str
    """Stage that wrote it."""
    n_rows: int
    """Rows in the table."""
    columns: dict[str, Kind]
    """Column names and their types: str, int or float."""
    counts: dict[str, int]
    """Complete denominators: sampled, dead, dropped, failed, scored, ..."""
    scope: Scope | None
    """What the evidence speaks of; none where it speaks of planted data alone."""
    provenance: dict[str, Any]
    """Params, input hashes, versions, device; no clock time, so that a re-run is identical."""
    sha256: str
    """SHA-256 of the Parquet file."""
