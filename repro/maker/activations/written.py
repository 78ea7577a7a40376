"""What the language model writes with its activations pushed at one hook point.

Beside `lm.py` and not in it: activations are harvested anew when that file changes.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from repro.maker.activations.lm import LanguageModel


@torch.inference_mode()
def continued(
    lm: LanguageModel,
    ids: Int[Tensor, "batch position"],
    name: str,
    push: Float[Tensor, "batch d_in"],
    count: int,
    seed: int,
) -> Int[Tensor, "batch count"]:
    """Tokens drawn one after the other from the model's own probabilities, at temperature 1.

    At every position, of the prompt too, the activation x is x + push. No token that ends a text
    is drawn, so all continuations are of `count` tokens. The same seed draws the same tokens for
    the same batch; the global generator is left as it was.

    Raises:
        ParamsError: there is no such hook point.
    """
    shift = push.to(device=lm.device, dtype=lm.dtype)[:, None]
    hooks = [(lm.point(name).name, lambda x, hook: x + shift)]  # noqa: ARG005
    ids = ids.to(device=lm.device, dtype=torch.int64)
    with torch.random.fork_rng(), lm.bridge.hooks(fwd_hooks=hooks):
        torch.manual_seed(seed)
        whole = lm.bridge.original_model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            repetition_penalty=1.0,
            min_new_tokens=count,
            max_new_tokens=count,
            pad_token_id=0,
            use_cache=True,
        )
    return whole[:, ids.shape[1] :].cpu()
