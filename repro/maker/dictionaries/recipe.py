"""What decides how a stack of autoencoders is trained, and the two schedules that follow."""

from dataclasses import dataclass
from typing import Literal

import torch

from repro.maker.dictionaries.loss import Reduction


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a stack becomes, given its activations."""

    name: str
    """Name in messages: site, method, expansion factor and seed."""
    method: str
    """The autoencoder, by its name in `architectures/registry.py`."""
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
    """Whether the paper's autoencoder reads with its decoder's rows or with rows of its own."""
    start_scale: float = 1.0
    """Length of the paper's autoencoder's initial rows over that of Xavier's."""
    reduction: Reduction = "mean"
    """Squared error over coordinates: the authors' mean, or the printed sum."""
    step_counter: Literal["advances", "frozen"] = "advances"
    """Adam's bias correction: textbook, or that of step 1 at every step (the authors' loop)."""


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
