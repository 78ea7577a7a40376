"""What the language model predicts at every position, with activations replaced.

Beside `lm.py` and not in it: activations are harvested anew when that file changes.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.maker.activations.lm import LanguageModel


@torch.inference_mode()
def log_probabilities(
    lm: LanguageModel,
    x: Float[Tensor, "batch position d_in"],
    name: str,
    ids: Int[Tensor, "batch position"],
) -> Float[Tensor, "batch position vocabulary"]:
    """Natural logarithms of the probabilities after each position, as `losses_from` runs the model.

    Of a batch this is the largest tensor by far: positions times vocabulary.

    Raises:
        ParamsError: there is no such hook point.
    """
    hidden = lm._hidden_from(x, name, ids.to(device=lm.device, dtype=torch.int64))
    return lm.bridge.original_model.get_output_embeddings()(hidden).float().log_softmax(-1)
