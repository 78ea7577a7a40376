"""Language models by content, and those that a process has loaded for the items that come after."""

from pathlib import Path

import torch

from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.weights import Redrawn
from repro.maker.engine.job import Job
from repro.maker.engine.kept import kept
from repro.maker.engine.provenance import key_of
from repro.maker.source.records import ModelRecord, read_record


class ModelFiles(Job):
    """A language model by content, and how it is run."""

    folder: Path
    """Hugging Face directory."""
    sha256: str
    """Hash of the hashes of its files."""
    device: str
    """Where it runs."""
    dtype: str
    """Its arithmetic."""
    redrawn: Redrawn | None = None
    """Weights that are drawn anew; none of the trained model."""


def model_files(
    folder: Path, device: torch.device, dtype: torch.dtype, redrawn: Redrawn | None = None
) -> ModelFiles:
    """A fetched model, or a version of it that no text has trained.

    Raises:
        ArtifactError: its record is missing or malformed.
    """
    return ModelFiles(
        folder=folder,
        sha256=key_of(read_record(folder, ModelRecord).sha256),
        device=str(device),
        dtype=str(dtype).removeprefix("torch."),
        redrawn=redrawn,
    )


@kept()
def model_of(files: ModelFiles) -> LanguageModel:
    """The language model, loaded once a process."""
    dtype = getattr(torch, files.dtype)
    device = torch.device(files.device)
    return LanguageModel.load(files.folder, dtype=dtype, device=device, redrawn=files.redrawn)
