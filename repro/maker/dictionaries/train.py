"""One pass over the activations that trains a whole stack of autoencoders side by side."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from repro.errors import TrainingError
from repro.maker.dictionaries.architectures.architecture import Stack
from repro.maker.dictionaries.architectures.registry import architecture_of
from repro.maker.dictionaries.loss import Gradient, loss_terms
from repro.maker.dictionaries.model import Transform
from repro.maker.dictionaries.recipe import Recipe, penalty_share, step_size


class Logged(NamedTuple):
    """What one logged step looked like, a value a member."""

    step: int
    """Steps done."""
    squared_error: list[float]
    """Mean squared error of the batch."""
    sparsity: list[float]
    """Mean L1 norm of the codes."""
    l0: list[float]
    """Mean number of active features."""


def set_gradients(stack: Stack, alpha: Tensor, x: Tensor, recipe: Recipe) -> list[Gradient]:
    """Put the gradient of the loss into `.grad` of all that is trained; returns it part by part.

    A processor takes one member at a time, because what belongs to one fits into its caches (twice
    as fast as the whole stack at once); an accelerator takes all together.
    """
    gradient = architecture_of(recipe).gradient
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


def train(
    stack: Stack,
    batches: Iterator[Float[Tensor, "batch d_in"]],
    recipe: Recipe,
    *,
    first_step: int = 0,
    log_every: int = 50,
) -> Iterator[tuple[int, Logged | None]]:
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


def _record(done: int, x: Tensor, parts: list[Gradient], recipe: Recipe) -> Logged:
    error, c = (torch.cat([getattr(p, name) for p in parts]).float() for name in ("error", "c"))
    terms = loss_terms(torch.zeros_like(x), error, c, recipe.reduction)
    _raise_unless_finite(terms.squared_error.isfinite() & terms.sparsity.isfinite(), recipe, done)
    return Logged(
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


def transformed(batches: Iterator[Tensor], transform: Transform) -> Iterator[Tensor]:
    """Batches centred and scaled in fp32."""
    for batch in batches:
        yield transform.forward(batch.float())
