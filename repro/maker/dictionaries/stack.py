"""A stack of autoencoders: its parameters, how they start, and the dictionaries they become."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.dictionaries.model import Dictionary, Transform, tied, unit_rows
from repro.maker.dictionaries.recipe import Recipe

ENCODER_START = 0.1
"""Norm of the standard autoencoder's encoder rows at the start, along its decoder's unit rows."""


class Stack(NamedTuple):
    """Parameters of a stack and the state of its optimiser."""

    W_enc: Float[Tensor, "sae d_sae d_in"]
    """Free rows of the encoder; the tied autoencoder's features are these, normalised."""
    b_enc: Float[Tensor, "sae 1 d_sae"]
    """Encoder bias."""
    W_dec: Float[Tensor, "*sae d_sae d_in"]
    """Frozen unit rows of the random-decoder method, shared; free rows of each member where it is
    untied; empty otherwise."""
    b_dec: Float[Tensor, "*sae 1 d_in"]
    """Decoder bias of the standard autoencoder, subtracted before encoding; empty otherwise."""
    adam: torch.optim.Adam
    """Optimiser over all that is trained."""

    def trained(self) -> dict[str, Tensor]:
        """The parameters that the optimiser moves, by name."""
        parameters = self.adam.param_groups[0]["params"]
        return dict(zip(("W_enc", "b_enc", "W_dec", "b_dec"), parameters, strict=False))


def start(recipe: Recipe, d_in: int) -> Stack:
    """Initial stack: Xavier-uniform rows, zero bias; the same rows for every alpha of a seed.

    Paper: initialisation as in the authors' code, which is `start_scale` 1; an untied decoder is
    drawn like the encoder and after it. Of the rows that are normalised in the forward pass, the
    tied ones and the untied decoder's, `start_scale` sets the length and leaves the direction. The
    random decoder is drawn with the same seed and its encoder starts as a copy of it. The standard
    autoencoder's decoder is drawn as random unit rows, and its encoder starts as a tenth of them
    (Anthropic, Circuits Updates April 2024).
    """
    generator = torch.Generator().manual_seed(recipe.seed)
    rows = torch.empty(recipe.d_sae, d_in)
    bound = math.sqrt(6 / (recipe.d_sae + d_in))
    rows.uniform_(-bound, bound, generator=generator)
    if recipe.method == "sae" and recipe.tied:
        rows *= recipe.start_scale
    W_dec = torch.empty(0, d_in)
    if recipe.method == "sae_random_decoder":
        rows = W_dec = unit_rows(torch.randn(recipe.d_sae, d_in, generator=generator))
    if recipe.has_own_encoder:
        own = torch.empty(recipe.d_sae, d_in).uniform_(-bound, bound, generator=generator)
        if recipe.method == "sae_standard":
            own = unit_rows(own)
            rows = own * ENCODER_START
        else:
            own *= recipe.start_scale
        W_dec = own.repeat(len(recipe.alphas), 1, 1)
    W_enc = rows.repeat(len(recipe.alphas), 1, 1).to(recipe.device)
    b_enc = torch.zeros(len(recipe.alphas), 1, recipe.d_sae, device=recipe.device)
    W_dec = W_dec.to(recipe.device)
    b_dec = torch.zeros(
        len(recipe.alphas) if recipe.method == "sae_standard" else 0, 1, d_in, device=recipe.device
    )
    moved = [W_enc, b_enc]
    moved += [W_dec] if recipe.has_own_encoder else []
    moved += [b_dec] if recipe.method == "sae_standard" else []
    adam = torch.optim.Adam(moved, lr=recipe.lr, betas=recipe.betas, eps=recipe.eps, fused=True)
    return Stack(W_enc, b_enc, W_dec, b_dec, adam)


def dictionaries(stack: Stack, recipe: Recipe) -> list[Dictionary]:
    """The members of a stack as dictionaries on the CPU, tied ones with exactly unit rows."""
    W_enc, b_enc = stack.W_enc.detach().cpu(), stack.b_enc.detach().cpu()[:, 0]
    if recipe.has_own_encoder:
        rows = unit_rows(stack.W_dec.detach().cpu())
        members = zip(W_enc, b_enc, rows, strict=True)
        return [Dictionary(w, b, f, "relu", 0) for w, b, f in members]
    if recipe.method == "sae":
        return [tied(w, b) for w, b in zip(W_enc, b_enc, strict=True)]
    W_dec = stack.W_dec.cpu()
    ks = recipe.ks or [0] * len(recipe.alphas)
    members = zip(W_enc, b_enc, ks, strict=True)
    return [Dictionary(w, b, W_dec, "topk" if k else "relu", k) for w, b, k in members]


def centred_at(stack: Stack, transform: Transform) -> list[Transform]:
    """The transform of each member: a decoder bias is a shift of the centre of the activations.

    z = (x - mean) scale,  z - b_dec = (x - (mean + b_dec / scale)) scale
    """
    shifts = stack.b_dec.detach().cpu()[:, 0] / transform.scale
    moved = [transform._replace(mean=transform.mean + shift) for shift in shifts]
    return moved or [transform] * len(stack.W_enc)
