"""One pass over the activations that trains a whole stack of autoencoders side by side."""

import json
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from repro.errors import TrainingError
from repro.files import write_with
from repro.maker.dictionaries.loss import (
    Gradient,
    Reduction,
    loss_terms,
    random_decoder_gradient,
    standard_gradient,
    tied_gradient,
    untied_gradient,
)
from repro.maker.dictionaries.model import Dictionary, Transform, tied, unit_rows

ENCODER_START = 0.1
"""Norm of the standard autoencoder's encoder rows at the start, along its decoder's unit rows."""

Method = Literal["sae", "sae_untied", "sae_standard", "sae_random_decoder"]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a stack becomes, given its activations."""

    name: str
    """Name in messages: site, method, expansion factor and seed."""
    method: Method
    """The paper's autoencoder; its untied one; the field's standard one (an encoder of its own, a
    decoder bias); or one with a frozen random decoder and a trained encoder."""
    d_sae: int
    """Features of each member."""
    alphas: tuple[float, ...]
    """L1 coefficient of each member."""
    seed: int
    """Seed of the initial weights (the data order has its own)."""
    n_steps: int
    """Steps in the pass."""
    lr: float
    """Adam's step size."""
    betas: tuple[float, float]
    """Adam's decays."""
    eps: float
    """Adam's epsilon."""
    warmup: float
    """Share of steps over which the step size rises from 0."""
    decay: float
    """Share of steps, the last ones, over which it falls to 0."""
    penalty_warmup: float
    """Share of steps over which the penalty rises from 0 to alpha."""
    clip: float
    """Longest gradient of a member, for the loss with its error summed; 0 leaves it as it is."""
    matmul: torch.dtype
    """Number format of the matrix products; the weights are always fp32."""
    device: torch.device
    """Where the stack is trained."""
    ks: tuple[int, ...] = ()
    """Codes that each member keeps, its largest (frozen random decoder); empty: all above zero."""
    tied: bool = True
    """Whether `sae` reads with its decoder's rows or with its own, as `sae_untied` does."""
    start_scale: float = 1.0
    """Length of the paper's autoencoder's initial rows over that of Xavier's."""
    reduction: Reduction = "mean"
    """Squared error over coordinates: the authors' mean, or the printed sum."""
    step_counter: Literal["advances", "frozen"] = "advances"
    """Adam's bias correction: textbook, or that of step 1 at every step (the authors' loop)."""

    @property
    def has_own_encoder(self) -> bool:
        """Whether a trained decoder stands beside a trained encoder."""
        is_untied = self.method == "sae" and not self.tied
        return is_untied or self.method in ("sae_untied", "sae_standard")


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


class Record(NamedTuple):
    """What one logged step looked like, a value a member."""

    step: int
    """Steps done."""
    squared_error: list[float]
    """Mean squared error of the batch."""
    sparsity: list[float]
    """Mean L1 norm of the codes."""
    l0: list[float]
    """Mean number of active features."""


def step_size(step: int, recipe: Recipe) -> float:
    """Step size at a step: linear rise, constant, linear fall (a trapezoid).

    Paper: appendix B gives a constant 1e-3, which is warmup = decay = 0 here.
    """
    rise = recipe.warmup * recipe.n_steps
    fall = recipe.decay * recipe.n_steps
    up = (step + 1) / rise if step < rise else 1.0
    down = (recipe.n_steps - step) / fall if step >= recipe.n_steps - fall else 1.0
    return recipe.lr * min(up, down, 1.0)


def penalty_share(step: int, recipe: Recipe) -> float:
    """Share of alpha that is in force at a step: a linear rise, then 1.

        min(1, (step + 1) / (penalty_warmup n_steps))

    Paper: not in it; the authors' penalty is at full strength from the first step, which is
    penalty_warmup = 0 here. Most features are then pushed below use before they have found a
    direction, and the gradient of a feature that never fires is zero, so they do not come back.
    """
    rise = recipe.penalty_warmup * recipe.n_steps
    return min(1.0, (step + 1) / rise) if rise > 0 else 1.0


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


def set_gradients(stack: Stack, alpha: Tensor, x: Tensor, recipe: Recipe) -> list[Gradient]:
    """Put the gradient of the loss into `.grad` of all that is trained; returns it part by part.

    A processor takes one member at a time, because what belongs to one fits into its caches (twice
    as fast as the whole stack at once); an accelerator takes all together.
    """
    size = len(alpha) if recipe.device.type == "cuda" else 1
    parts = []
    for first in range(0, len(alpha), size):
        part = slice(first, first + size)
        parts.append(gradient(stack, part, alpha, x, recipe))
        slopes = {name: getattr(parts[-1], name) for name in stack.trained()}
        if recipe.clip:
            clip_(slopes.values(), recipe.clip / (1 if recipe.reduction == "sum" else x.shape[-1]))
        for name, parameter in stack.trained().items():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            parameter.grad[part] = slopes[name]
    return parts


def clip_(gradients: Iterable[Float[Tensor, "sae ..."]], longest: float) -> None:
    """Shorten the gradient of each member, over all its parameters, to Euclidean norm `longest`.

        g <- g min(1, longest / |g|)

    Paper: not in it; the authors do not clip. Adam divides by a mean of squared gradients over a
    thousand steps: a few long ones, at the start or from rare tokens of large norm, hold all
    others back for as long. Shortened to one length they no longer do.
    """
    gradients = tuple(gradients)
    squares = sum(g.square().flatten(1).sum(dim=1) for g in gradients)
    share = (longest / torch.as_tensor(squares).sqrt().clamp_min(1e-30)).clamp_max(1.0)
    for g in gradients:
        g *= share.view(-1, *[1] * (g.ndim - 1))


def gradient(stack: Stack, part: slice, alpha: Tensor, x: Tensor, recipe: Recipe) -> Gradient:
    """Gradient of the loss for the stack's method, of the members in `part`."""
    free = (stack.W_enc[part], stack.b_enc[part], alpha[part], x, recipe.matmul)
    if recipe.method == "sae_standard":
        return standard_gradient(*free, stack.W_dec[part], stack.b_dec[part], recipe.reduction)
    if recipe.has_own_encoder:
        return untied_gradient(*free, stack.W_dec[part], recipe.reduction)
    if recipe.method == "sae":
        return tied_gradient(*free, recipe.reduction)
    return random_decoder_gradient(*free, stack.W_dec, recipe.reduction, recipe.ks[part])


def train(
    stack: Stack,
    batches: Iterator[Float[Tensor, "batch d_in"]],
    recipe: Recipe,
    *,
    first_step: int = 0,
    log_every: int = 50,
) -> Iterator[tuple[int, Record | None]]:
    """Train in place; yields the number of steps done, with a record each `log_every` steps.

    `batches` are already centred and scaled. Between two yields the stack is whole, so it may be
    saved there.

    Raises:
        TrainingError: a loss or a weight is no longer finite; names the autoencoder and the step.
    """
    alpha = torch.tensor(recipe.alphas, device=recipe.device).view(-1, 1, 1)
    for step, batch in enumerate(batches, start=first_step):
        if step == recipe.n_steps:
            break
        x = batch.to(recipe.device, torch.float32)
        parts = set_gradients(stack, alpha * penalty_share(step, recipe), x, recipe)
        stack.adam.param_groups[0]["lr"] = step_size(step, recipe)
        if recipe.step_counter == "frozen":
            _forget_steps(stack.adam)
        stack.adam.step()
        done = step + 1
        logged = done % log_every == 0 or done == recipe.n_steps
        yield done, _record(done, x, parts, recipe) if logged else None
    _raise_unless_finite(stack.W_enc.isfinite().all(dim=(1, 2)), recipe, recipe.n_steps)


def _forget_steps(adam: torch.optim.Adam) -> None:
    """Let the coming step be the first one for the bias correction; the moments stay.

    The authors' loop writes the optimiser's new state into a clone and loses it. Under torchopt
    0.7.1 the moments were changed in place all the same and only the step count was lost.
    """
    for state in adam.state.values():
        state["step"].zero_()


def _record(done: int, x: Tensor, parts: list[Gradient], recipe: Recipe) -> Record:
    error, c = (torch.cat([getattr(p, name) for p in parts]).float() for name in ("error", "c"))
    terms = loss_terms(torch.zeros_like(x), error, c, recipe.reduction)
    _raise_unless_finite(terms.squared_error.isfinite() & terms.sparsity.isfinite(), recipe, done)
    return Record(
        step=done,
        squared_error=terms.squared_error.tolist(),
        sparsity=terms.sparsity.tolist(),
        l0=(c > 0).float().sum(-1).mean(-1).tolist(),
    )


def _raise_unless_finite(finite: Tensor, recipe: Recipe, step: int) -> None:
    if bool(finite.all()):
        return
    index = int((~finite).nonzero()[0, 0])
    raise TrainingError(
        f"training diverged: {recipe.name}, alpha {recipe.alphas[index]:g}, "
        f"is not finite at step {step} of {recipe.n_steps}",
        expected="finite losses and weights",
        mend=f"lower train.optimiser.lr or lr_at (now {recipe.lr:g}) in params.yaml, then: "
        "dvc repro train",
    )


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


def save_checkpoint(path: Path, stack: Stack, step: int, records: list[Record]) -> None:
    """Write parameters, optimiser state and log of a half-trained stack."""
    tensors = {name: getattr(stack, name) for name in ("W_enc", "b_enc", "W_dec", "b_dec")}
    for name, parameter in stack.trained().items():
        for moment in ("exp_avg", "exp_avg_sq"):
            tensors[f"{name}.{moment}"] = stack.adam.state[parameter][moment]
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {"step": str(step), "records": json.dumps(records)}
    write_with(path, lambda part: save_file(ready, part, metadata=metadata))


def load_checkpoint(path: Path, recipe: Recipe) -> tuple[Stack, int, list[Record]]:
    """Read what `save_checkpoint` wrote; the stack goes on as if it had never stopped."""
    with safe_open(path, framework="pt", device=str(recipe.device)) as file:
        tensors = {name: file.get_tensor(name) for name in tuple(file.keys())}
        metadata = file.metadata()
    step = int(metadata["step"])
    stack = start(recipe, tensors["W_enc"].shape[-1])
    for name, parameter in stack.trained().items():
        parameter.copy_(tensors[name])
        stack.adam.state[parameter] = {
            "step": torch.tensor(float(step), device=recipe.device),
            "exp_avg": tensors[f"{name}.exp_avg"],
            "exp_avg_sq": tensors[f"{name}.exp_avg_sq"],
        }
    records = [Record(*values) for values in json.loads(metadata["records"])]
    return stack, step, records


class Timer:
    """Says when the next checkpoint is due."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Whether `seconds` have passed since this last said yes."""
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True


def transformed(batches: Iterator[Tensor], transform: Transform) -> Iterator[Tensor]:
    """Batches centred and scaled in fp32."""
    for batch in batches:
        yield transform.forward(batch.float())
