"""What falls when a unit is taken out wherever it is active (section 5.2, footnote 5).

    x' = x - a_k d_k       at every token, so that a tied unit of norm 1 is at exactly zero after it

and what the language model says then, less what it said, in nats:

    delta_v = ln p'(v | context) - ln p(v | context)

The authors' notebook plots differences of log-probabilities; in a context they differ from those of
logits by a constant, so tokens have the same order. Told are the place of the expected token among
all by its mean delta, its part of all that changes, and the rise of the loss on other tokens.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from repro.contract.rows.features import AblationRow
from repro.maker.activations.edited import EditedModel
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.loaded import model_of
from repro.maker.activations.predicted import logits_and_losses_from
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.decomposition import Decomposition
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.engine.job import Job
from repro.maker.engine.record import Record
from repro.maker.engine.result import write_result
from repro.maker.features.contexts import Contexts, read_contexts
from repro.maker.interpret.prepared import read_text
from repro.maker.interpret.units import codes_of

STEPS, STEP = 30, 0.02
"""In which the planted edit is found, and the length of each over that of the activation."""
RANDOM, PLANTED = "random_direction", "planted"


class AblateJob(Job):
    """The units that one decomposition has for some targets, or a push in their place."""

    asked: Asked
    """The decomposition."""
    method: str
    """How the tables call it; `RANDOM` for random directions, each edit as long as the unit's."""
    units: dict[str, int]
    """The unit that was found for each target."""
    contexts: dict[str, Path]
    """Result of each target's contexts; its name is its hash."""
    edited: EditedModel
    """The model, and where it is edited."""
    seed: int
    """Seed of directions."""

    @property
    def key(self) -> dict[str, Any]:
        """What names it in the tables."""
        return self.asked.key | {"method": self.method}


class PlantedEditJob(Job):
    """Edits at the target that are made so that the expected token falls most."""

    site: str
    """Where the tables put it."""
    contexts: dict[str, Path]
    """Result of each target's contexts; its name is its hash."""
    edited: EditedModel
    """The model, and where it is edited."""

    @property
    def key(self) -> dict[str, Any]:
        """What names it in the tables."""
        key = {"alpha": 0.0, "k": 0, "expansion_factor": 1.0, "seed": 0}
        return {"site": self.site, "method": PLANTED, **key}


class Ablated(Record):
    """What an item came to."""

    rows: list[AblationRow]
    """By target and block."""


class Said(NamedTuple):
    """What the model says once it is edited."""

    delta: Float[Tensor, "context vocabulary"]
    """Change of each log-probability after the target, in nats."""
    rise: Float[Tensor, "context predicted"]
    """Change of the loss of each next token, in nats."""


def ablate_item(job: AblateJob, folder: Path) -> None:
    """Work: rows of one decomposition."""
    torch.set_num_threads(job.edited.threads)
    of, rows = decomposition_of(job.asked), []
    for target, place in job.contexts.items():
        contexts, unit = read_contexts(place), job.units[target]
        edit = -taken_out(of, contexts, unit)
        if job.method == RANDOM:
            edit = turned(edit, np.random.default_rng([job.seed, job.asked.seed, unit]))
        rows += _rows(job.key, target, unit, contexts, edit, job.edited)
    write_result(folder, Ablated(rows=rows))


def planted_edit_item(job: PlantedEditJob, folder: Path) -> None:
    """Work: rows of the planted edits."""
    torch.set_num_threads(job.edited.threads)
    rows: list[AblationRow] = []
    for target, place in job.contexts.items():
        contexts = read_contexts(place)
        edit = planted_edit(model_of(job.edited.files), job.edited, contexts)
        rows += _rows(job.key, target, 0, contexts, edit, job.edited)
    write_result(folder, Ablated(rows=rows))


def planted_edit(
    lm: LanguageModel, edited: EditedModel, contexts: Contexts
) -> Float[Tensor, "context position d_in"]:
    """An edit at each target that makes the expected token fall more than any other.

    Steps of equal length up the gradient of ln softmax(-delta) at the expected token: what shows
    that an edit of some length at one place can hit it, and that this is then seen.
    """
    edit = torch.zeros_like(contexts.x)
    rows = torch.arange(len(contexts.at))
    length = STEP * contexts.x[rows, contexts.at].norm(dim=-1, keepdim=True)
    # Those of one length together: what stands behind the target is not run.
    for part in contexts.at.argsort(stable=True).split(edited.batch):
        at = contexts.at[part]
        stop = int(at.max()) + 1
        ids, before = contexts.ids[part, :stop], contexts.x[part, :stop]
        clean, here = contexts.logits[part].log_softmax(-1), torch.arange(len(part))
        for _ in range(STEPS):
            push = edit[part][here, at].requires_grad_(True)
            with torch.enable_grad():
                x = before.index_put((here, at), push, accumulate=True)
                delta = lm.logits_from(x, edited.hook, ids, at).cpu().log_softmax(-1) - clean
                score = (-delta).log_softmax(-1)[:, contexts.expected].sum()
                (gradient,) = torch.autograd.grad(score, push)
            step = gradient / gradient.norm(dim=-1, keepdim=True).clamp_min(1e-12)
            edit[part[here], at] = push.detach() + length[part] * step
    return edit


def taken_out(
    of: Decomposition, contexts: Contexts, unit: int
) -> Float[Tensor, "context position d_in"]:
    """What a unit adds to the activations, a_k d_k, at the places that an edit may change."""
    a = codes_of(of, contexts.x, np.array([unit]))
    return a * contexts.is_edited[..., None] * of.directions[unit] / of.transform.scale


def turned(
    edit: Float[Tensor, "context position d_in"], rng: np.random.Generator
) -> Float[Tensor, "context position d_in"]:
    """The same edit along one random direction, as long at every place."""
    direction = torch.from_numpy(rng.standard_normal(edit.shape[-1])).to(edit.dtype)
    return edit.norm(dim=-1, keepdim=True) * direction / direction.norm()


@torch.no_grad()
def said(
    lm: LanguageModel,
    edited: EditedModel,
    contexts: Contexts,
    edit: Float[Tensor, "context position d_in"],
) -> Said:
    """What the model says with its activations moved by `edit`, less what it said."""
    delta, rise = torch.zeros_like(contexts.logits), torch.zeros_like(contexts.losses)
    # Exactly nothing where nothing is edited: rounding would put the tokens into some order.
    is_edited = (edit != 0).any(dim=2).any(dim=1)
    for part in is_edited.nonzero().squeeze(1).split(edited.batch):
        x, ids, at = contexts.x[part] + edit[part], contexts.ids[part], contexts.at[part]
        logits, losses = logits_and_losses_from(lm, x, edited.hook, ids, at)
        delta[part] = logits.cpu().log_softmax(-1) - contexts.logits[part].log_softmax(-1)
        rise[part] = losses.cpu() - contexts.losses[part]
    return Said(delta, rise)


def place_of(delta: Float[Tensor, " vocabulary"], token: int) -> int:
    """How many tokens fall at least as much, itself among them: 1 where it alone falls most.

    Where nothing changes all are equal, so it is the last.
    """
    return int((delta <= delta[token]).sum())


def _rows(
    key: Mapping[str, Any],
    target: str,
    unit: int,
    contexts: Contexts,
    edit: Float[Tensor, "context position d_in"],
    edited: EditedModel,
) -> Iterator[AblationRow]:
    """What an edit does, by block."""
    found = said(model_of(edited.files), edited, contexts, edit)
    text, _ = read_text(edited.text)
    rows = torch.arange(len(contexts.at))
    is_active = edit[rows, contexts.at].ne(0).any(dim=-1)
    others = contexts.is_edited[:, :-1] & ~contexts.is_target[:, :-1]
    for block in contexts.block.unique().tolist():
        here = contexts.block == block
        delta = found.delta[here].double()
        place = place_of(delta.mean(dim=0), contexts.expected)
        yield AblationRow(
            **key,
            target=target,
            text_block=block,
            feature=unit,
            expected=text.pieces[contexts.expected],
            n=1,
            n_outdone=int(place > 1),
            place=place,
            n_contexts=int(here.sum()),
            n_active=int(is_active[here].sum()),
            fall=-float(delta[:, contexts.expected].sum()),
            change=float(delta.abs().sum()),
            edit_norm=float(edit[here].norm(dim=-1).double().sum()),
            n_other_tokens=int(others[here].sum()),
            loss_rise=float((found.rise * others)[here].double().sum()),
        )
