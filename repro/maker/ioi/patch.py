"""The intervention and its measures (section 4.1 of the paper).

    x' = x + sum over j in F of (c_bar_j - c_j) f_j        at every token, same F everywhere

with codes c of the clean prompt and c_bar of the counterfactual prompt; the error of the clean run,
x - sum_j c_j f_j, is kept. `D(p || q)` is the Kullback-Leibler divergence in nats.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from repro.maker.decompositions.decomposition import Decomposition

Readout = Callable[
    [Float[Tensor, "pairs tokens d_in"], Int[Tensor, " pairs"]], Float[Tensor, "pairs words"]
]
"""Logits after the last position of pairs, given by number, with the activations replaced."""


class Task(NamedTuple):
    """Pairs of prompts as the instrument sees them; all that a language model knows is in here."""

    clean: Float[Tensor, "pairs tokens d_in"]
    """Activations of the clean prompts."""
    counterfactual: Float[Tensor, "pairs tokens d_in"]
    """Activations of the counterfactual prompts."""
    changed: Bool[Tensor, "pairs tokens"]
    """Tokens over which the size of an edit is summed."""
    names: Int[Tensor, "pairs 2"]
    """Words whose logits are compared: IO and S of the clean prompt."""
    clean_logits: Float[Tensor, "pairs words"]
    """What the untouched model says to the clean prompts."""
    counterfactual_logits: Float[Tensor, "pairs words"]
    """What it says to the counterfactual prompts."""
    readout: Readout
    """From activations to logits."""
    batch: int
    """Pairs a pass."""

    def first(self, count: int) -> "Task":
        """The first pairs alone."""
        cut = [tensor[:count] for tensor in self[:6]]
        return Task(*cut, readout=self.readout, batch=self.batch)  # type: ignore[arg-type]

    def parts(self) -> Iterator[Int[Tensor, " pairs"]]:
        """The pairs, a pass at a time: always the same parts, so equal input gives equal bytes."""
        yield from torch.arange(len(self.clean)).split(self.batch)


class Change(NamedTuple):
    """What a dictionary sees change from the clean prompts to the counterfactual ones."""

    codes: Float[Tensor, "pairs tokens d_sae"]
    """c_bar - c."""
    features: Float[Tensor, "d_sae d_in"]
    """Rows f of the dictionary, in units of the activations."""

    def edit(self, patched: Int[Tensor, " patched"]) -> Float[Tensor, "pairs tokens d_in"]:
        """The change of the activations, sum over j in F of (c_bar_j - c_j) f_j."""
        return self.codes[..., patched] @ self.features[patched]

    def whole(self) -> Float[Tensor, "pairs tokens d_in"]:
        """The change with every feature patched."""
        return self.codes @ self.features


class Patched(NamedTuple):
    """Sums over pairs of one patched run."""

    kl: float
    """D(patched || counterfactual), the paper's direction."""
    kl_reverse: float
    """D(counterfactual || patched)."""
    logit_shift: float
    """Fall of the difference of logits, IO less S of the clean prompt."""
    edit_norm: float
    """Sum over changed tokens of |x' - x|."""
    norm: float
    """Sum over changed tokens of |x|."""


def change_of(task: Task, of: Decomposition) -> Change:
    """Codes of the counterfactual prompts less the clean ones', and the features they weigh."""

    def codes(x: Tensor) -> Tensor:
        return of.encode(x.flatten(0, 1)).unflatten(0, x.shape[:2])

    features = of.directions / of.transform.scale
    return Change(codes(task.counterfactual) - codes(task.clean), features)


def divergence(
    p: Float[Tensor, "pairs words"], q: Float[Tensor, "pairs words"]
) -> Float[Tensor, " pairs"]:
    """D(p || q) = sum_w p_w (ln p_w - ln q_w) of two outputs given as logits, in float64."""
    ln_p, ln_q = p.double().log_softmax(-1), q.double().log_softmax(-1)
    return (ln_p.exp() * (ln_p - ln_q)).sum(-1)


def difference(task: Task, logits: Float[Tensor, "pairs words"]) -> Float[Tensor, " pairs"]:
    """Logit of IO less that of S, both of the clean prompt."""
    io, s = logits.double().gather(1, task.names).unbind(1)
    return io - s


@torch.no_grad()
def run(task: Task, edit: Float[Tensor, "pairs tokens d_in"]) -> Float[Tensor, "pairs words"]:
    """Logits with the clean prompts' activations moved by `edit`."""
    return torch.cat([task.readout(task.clean[part] + edit[part], part) for part in task.parts()])


@torch.no_grad()
def run_each(
    task: Task, edits: Sequence[Float[Tensor, "pairs tokens d_in"]]
) -> Iterator[Float[Tensor, "pairs words"]]:
    """Logits for each edit in turn, as many edits a pass as fit: small passes waste the cores."""
    n = len(task.clean)
    if n > task.batch:
        yield from (run(task, edit) for edit in edits)
        return
    at_once = task.batch // n
    for start in range(0, len(edits), at_once):
        some = edits[start : start + at_once]
        x = torch.cat([task.clean + edit for edit in some])
        yield from task.readout(x, torch.arange(n).repeat(len(some))).split(n)


def measure(task: Task, edit: Float[Tensor, "pairs tokens d_in"]) -> Patched:
    """Run the model with an edit and measure what comes of it, as sums over pairs."""
    return measured(task, edit, run(task, edit))


def measure_each(task: Task, edits: Sequence[Float[Tensor, "pairs tokens d_in"]]) -> list[Patched]:
    """The same for each edit in turn."""
    return [
        measured(task, edit, logits)
        for edit, logits in zip(edits, run_each(task, edits), strict=True)
    ]


def measured(
    task: Task, edit: Float[Tensor, "pairs tokens d_in"], logits: Float[Tensor, "pairs words"]
) -> Patched:
    """The measures of an edit whose output is known, as sums over pairs."""
    shift = difference(task, task.clean_logits) - difference(task, logits)
    return Patched(
        kl=float(divergence(logits, task.counterfactual_logits).sum()),
        kl_reverse=float(divergence(task.counterfactual_logits, logits).sum()),
        logit_shift=float(shift.sum()),
        edit_norm=_norm(edit, task.changed),
        norm=_norm(task.clean, task.changed),
    )


def _norm(x: Tensor, where: Tensor) -> float:
    return float((x.double().norm(dim=-1) * where).sum())


def random_edit(
    like: Float[Tensor, "pairs tokens d_in"], generator: torch.Generator
) -> Float[Tensor, "pairs tokens d_in"]:
    """Directions of chance, as long as `like` at each token."""
    direction = torch.randn(like.shape, generator=generator)
    return direction / direction.norm(dim=-1, keepdim=True) * like.norm(dim=-1, keepdim=True)
