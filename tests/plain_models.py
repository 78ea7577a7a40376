"""The plain Hugging Face model, hooked by torch alone: what an adapter of ours is held against."""

from pathlib import Path
from typing import Any

import torch
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from repro.maker.activations.weights import Redrawn
from tests.tiny_params import resid_post


def save_trained(save: Any, folder: Path) -> Path:
    """A model no tensor of which is as an initialisation draws it."""
    save(folder)
    plain: Any = AutoModelForCausalLM.from_pretrained(folder)
    torch.manual_seed(99)
    for parameter in plain.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    plain.save_pretrained(folder)
    return folder


def plain_model(folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager")


def drawn_by_torch(folder: Path, redrawn: Redrawn, out: Path) -> Path:
    """The oracle: a model of the same config, initialised by its own library and saved."""
    torch.manual_seed(redrawn.seed)
    fresh: Any = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    if redrawn.which == "blocks":
        fresh.base_model.get_input_embeddings().load_state_dict(
            plain_model(folder).base_model.get_input_embeddings().state_dict()
        )
    fresh.save_pretrained(out)
    return out


def streams_of(plain: Any, ids: torch.Tensor, block: int) -> dict[str, torch.Tensor]:
    """What a block gives to the next, and what the last matrix of its MLP reads."""
    layer, found = plain.base_model.layers[block], {}
    mlp = layer.mlp
    matrix = mlp.down_proj if hasattr(mlp, "down_proj") else mlp.dense_4h_to_h
    after, before = resid_post(block), f"blocks.{block}.mlp.hook_post"

    def keep(_: Any, __: Any, given: Any) -> None:
        found[after] = given[0] if isinstance(given, tuple) else given

    hooks = [
        layer.register_forward_hook(keep),
        matrix.register_forward_pre_hook(lambda _, given: found.update({before: given[0]})),
    ]
    with torch.inference_mode():
        plain(ids)
    for hook in hooks:
        hook.remove()
    return found
