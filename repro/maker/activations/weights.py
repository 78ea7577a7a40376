"""Which weights a language model has: the trained ones, or others that know no text."""

from copy import deepcopy
from typing import Any, Literal, NamedTuple

import torch

TRAINED, NO_WEIGHTS = "trained", "none"
"""What a manifest says of the language model as it was fetched, and of planted data."""


class Redrawn(NamedTuple):
    """Weights drawn anew, each as the architecture's own initialisation draws it."""

    which: Literal["all", "blocks"]
    """All of them, or all but the token embeddings, to which an unembedding may be tied."""
    seed: int
    """Seed of the draw."""

    @property
    def told(self) -> str:
        """As a manifest says it."""
        kept = " but the token embeddings" if self.which == "blocks" else ""
        return f"all weights{kept} re-initialised, seed {self.seed}"


def redraw(plain: Any, redrawn: Redrawn) -> None:
    """Give a plain Hugging Face model, on the processor, weights that know no text.

    They are those of `from_config` after `torch.manual_seed(seed)`, drawn in float32 and then cast
    to the number format of the model, so that both formats hold the same draw. Buffers stay as they
    were, and so does the state of the process's random numbers. Heap et al. 2025 (arXiv 2501.17727)
    hold the dictionaries of such a model against those of the trained one.
    """
    from transformers.models.auto.modeling_auto import AutoModelForCausalLM

    # A copy, because from_config writes the number format of its model into the config.
    config = deepcopy(plain.config)
    with torch.random.fork_rng():
        torch.manual_seed(redrawn.seed)
        fresh: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    if redrawn.which == "blocks":
        kept = plain.get_input_embeddings().weight
        fresh.get_input_embeddings().weight.data.copy_(kept)
    plain.load_state_dict(fresh.state_dict())
