"""What the language model predicts with activations replaced, at every position.

Beside `lm.py` and not in it: activations are harvested anew when that file changes.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.maker.activations.lm import LanguageModel


@torch.no_grad()
def hidden_from(
    lm: LanguageModel,
    x: Float[Tensor, "batch position d_in"],
    name: str,
    ids: Int[Tensor, "batch position"],
) -> Float[Tensor, "batch position d_model"]:
    """What the head reads, with the activations at a hook point replaced by `x`."""
    return lm._hidden_from(x, name, ids.to(device=lm.device, dtype=torch.int64))


@torch.no_grad()
def log_probabilities_of(
    lm: LanguageModel, hidden: Float[Tensor, "batch position d_model"]
) -> Float[Tensor, "batch position vocabulary"]:
    """Natural logarithms of the probabilities that the head makes of it, float32.

    Of a batch this is the largest tensor by far: positions times vocabulary.
    """
    head = lm.bridge.original_model.get_output_embeddings()
    return head(hidden.to(device=lm.device, dtype=lm.dtype)).float().log_softmax(-1)


def logits_and_losses_from(
    lm: LanguageModel,
    x: Float[Tensor, "batch position d_in"],
    name: str,
    ids: Int[Tensor, "batch position"],
    at: Int[Tensor, " batch"],
) -> tuple[Float[Tensor, "batch vocabulary"], Float[Tensor, "batch predicted"]]:
    """What `logits_from` and `losses_from` say, from one pass."""
    hidden = hidden_from(lm, x, name, ids)
    with torch.no_grad():
        losses = lm._losses_of(hidden, ids.to(device=lm.device, dtype=torch.int64))
        return lm._logits_of(hidden, at), losses
