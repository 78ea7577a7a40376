"""A stack of autoencoders: how it starts, and the dictionaries that it becomes."""

import torch

from repro.maker.dictionaries.architectures.architecture import Stack, xavier
from repro.maker.dictionaries.architectures.registry import architecture_of
from repro.maker.dictionaries.model import Dictionary, Transform
from repro.maker.dictionaries.recipe import Recipe


def start(recipe: Recipe, d_in: int) -> Stack:
    """Initial stack: rows as the autoencoder draws them, zero biases; the same for every alpha.

    Paper: initialisation as in the authors' code, which is `start_scale` 1. What belongs to one
    member is copied for each; a decoder that is not trained is shared.
    """
    architecture, members = architecture_of(recipe), len(recipe.alphas)
    generator = torch.Generator().manual_seed(recipe.seed)
    rows = architecture.draw(xavier(recipe.d_sae, d_in, generator), recipe, generator)
    own = "W_dec" in architecture.trains
    biased = members if "b_dec" in architecture.trains else 0
    parameters = {
        "W_enc": rows.W_enc.repeat(members, 1, 1),
        "b_enc": torch.zeros(members, 1, recipe.d_sae),
        "W_dec": rows.W_dec.repeat(members, 1, 1) if own else rows.W_dec,
        "b_dec": torch.zeros(biased, 1, d_in),
    }
    parameters = {name: tensor.to(recipe.device) for name, tensor in parameters.items()}
    moved = [parameters[name] for name in architecture.trains]
    adam = torch.optim.Adam(moved, lr=recipe.lr, betas=recipe.betas, eps=recipe.eps, fused=True)
    return Stack(**parameters, adam=adam, trains=architecture.trains)


def dictionaries(stack: Stack, recipe: Recipe) -> list[Dictionary]:
    """The members of a stack as dictionaries on the CPU, tied ones with exactly unit rows."""
    names = ("W_enc", "b_enc", "W_dec", "b_dec")
    there = {name: getattr(stack, name).detach().cpu() for name in names}
    return architecture_of(recipe).dictionaries(stack._replace(**there), recipe)


def centred_at(stack: Stack, transform: Transform) -> list[Transform]:
    """The transform of each member: a decoder bias is a shift of the centre of the activations.

    z = (x - mean) scale,  z - b_dec = (x - (mean + b_dec / scale)) scale
    """
    shifts = stack.b_dec.detach().cpu()[:, 0] / transform.scale
    moved = [transform._replace(mean=transform.mean + shift) for shift in shifts]
    return moved or [transform] * len(stack.W_enc)
