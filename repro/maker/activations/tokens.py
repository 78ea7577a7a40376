"""Token sequences and the split they come in: what `tokenize` writes and later stages read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from repro.errors import ArtifactError
from repro.files import sha256_of, write_json, write_with
from repro.maker.activations.splits import Split
from repro.maker.engine.record import Record, read_json_record

_MEND = "dvc repro tokenize"


class TokensManifest(Record):
    """What `tokens.safetensors` holds."""

    sequence_length: int
    """Tokens a sequence, the beginning-of-sequence token included."""
    bos_token_id: int | None
    """Token that starts each sequence; none where params say so."""
    bos_token: str | None
    """How the tokenizer spells it."""
    vocabulary: int
    """Number of token ids of the model."""
    seed: int
    """Seed of the split by document."""
    tokens: dict[str, int]
    """Tokens in each split."""
    sources: dict[str, dict[str, int]]
    """Tokens from each source of the text, by split."""
    documents: dict[str, list[str]]
    """Ids of the documents of each split; no document is in two."""
    dropped_remainder_tokens: dict[str, int]
    """Tokens at the ends of documents that fill no sequence, by split."""
    cut_tokens: dict[str, int]
    """Tokens beyond the longest used part of a document, by split."""
    sha256: str
    """SHA-256 of `tokens.safetensors`."""
    provenance: dict[str, Any]
    """Model, tokenizer, text, params, versions."""


@dataclass(frozen=True)
class Tokens:
    """Sequences of token ids [n, sequence_length] and the document of each [n], by split.

    A document is its row in `documents.parquet`. No sequence spans two documents.
    """

    train: np.ndarray
    train_document: np.ndarray
    validation: np.ndarray
    validation_document: np.ndarray
    heldout: np.ndarray
    heldout_document: np.ndarray

    def split(self, name: Split) -> tuple[np.ndarray, np.ndarray]:
        """Sequences and documents of `train`, `validation` or `heldout`."""
        return getattr(self, name), getattr(self, f"{name}_document")


def write_tokens(folder: Path, content: Tokens, **about: Any) -> None:
    """Write tokens, then the manifest that vouches for them; `about` are its other fields."""
    target = folder / "tokens.safetensors"
    write_with(target, lambda part: save_file(dict(vars(content)), part))
    manifest = TokensManifest(sha256=sha256_of(target), **about)
    write_json(folder / "manifest.json", manifest.model_dump())


def read_tokens(folder: Path) -> tuple[Tokens, TokensManifest]:
    """Read what `write_tokens` wrote and hold it against its manifest.

    Raises:
        ArtifactError: a file is missing, malformed, truncated or altered.
    """
    manifest = read_tokens_manifest(folder)
    path = folder / "tokens.safetensors"
    if not path.exists():
        raise ArtifactError(f"{path} is missing", expected="the tokens", mend=_MEND)
    if sha256_of(path) != manifest.sha256:
        raise ArtifactError(
            f"{path} was truncated or altered ({path.stat().st_size} bytes)",
            expected=f"sha256 {manifest.sha256[:12]}... as in its manifest",
            mend=_MEND,
        )
    try:
        return Tokens(**load_file(path)), manifest
    except (SafetensorError, TypeError) as error:
        raise ArtifactError(
            f"{path}: {error}",
            expected="the six tensors of repro.maker.activations.tokens.Tokens",
            mend=_MEND,
        ) from None


def read_tokens_manifest(folder: Path) -> TokensManifest:
    """Read the manifest alone.

    Raises:
        ArtifactError: it is missing or malformed.
    """
    return read_json_record(
        folder / "manifest.json", TokensManifest, what="manifest of tokens", mend=_MEND
    )
