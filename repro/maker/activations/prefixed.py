"""Prompts that begin alike: what stands before the edit is run once, not for every edit again.

Beside `lm.py` and not in it: activations are harvested anew when that file changes.
"""

from copy import deepcopy

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers.cache_utils import DynamicCache

from repro.maker.activations.lm import LanguageModel


class Prefixed:
    """Logits after prompts that share their first tokens, with later activations replaced.

    Attention is causal, so keys and values of the shared tokens are the same whatever stands or is
    edited after them; they are kept, and the blocks above the hook point are run on the rest alone.
    Where the architecture does not allow that (measured at load), whole prompts are run.
    """

    def __init__(self, lm: LanguageModel, name: str, prefix: Int[Tensor, " shared"]) -> None:
        self.lm, self.name, self.point = lm, name, lm.point(name)
        self.n_shared = len(prefix)
        self.is_cut = self.n_shared > 0 and self.point.is_residual and lm._can_cut
        self.cache = self._read(prefix) if self.is_cut else None

    @torch.no_grad()
    def logits(
        self,
        x: Float[Tensor, "batch position d_in"],
        ids: Int[Tensor, "batch position"],
    ) -> Float[Tensor, "batch vocabulary"]:
        """Logits after the last position, float32; `x` and `ids` are of whole prompts.

        Activations of the shared tokens are the model's own, whatever `x` says of them.
        """
        last = torch.full((len(ids),), ids.shape[1] - 1)
        if self.cache is None:
            return self.lm.logits_from(x, self.name, ids, last)
        cache = deepcopy(self.cache)  # the blocks above write into it
        cache.batch_repeat_interleave(len(ids))
        rest = x[:, self.n_shared :].to(device=self.lm.device, dtype=self.lm.dtype)
        with self.lm._blocks_from(self.point.block + 1):
            hidden = self.lm.bridge.original_model.base_model(
                inputs_embeds=rest, past_key_values=cache, use_cache=True
            ).last_hidden_state
        return self.lm._logits_of(hidden, last - self.n_shared)

    @torch.no_grad()
    def _read(self, prefix: Int[Tensor, " shared"]) -> DynamicCache:
        """Keys and values of the shared tokens in every block."""
        model = self.lm.bridge.original_model
        cache, ids = DynamicCache(config=model.config), prefix.to(self.lm.device, torch.int64)
        model.base_model(input_ids=ids[None], past_key_values=cache, use_cache=True)
        return cache
