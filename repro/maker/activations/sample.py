"""Held-out sequences on which a language model is run again after the harvest."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor


def chosen_sequences(tokens: Path, n_tokens: int) -> tuple[Tensor, Tensor]:
    """Held-out sequences at even steps (so from many documents) and the document of each."""
    content = load_file(tokens / "tokens.safetensors")
    ids, document = content["heldout"], content["heldout_document"]
    count = min(len(ids), max(1, n_tokens // ids.shape[1]))
    chosen = torch.linspace(0, len(ids) - 1, count).round().long()
    return ids[chosen], document[chosen]
