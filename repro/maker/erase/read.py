"""Prompts and text before the untouched model, once for all ways of erasing."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from safetensors.torch import load_file, save_file
from torch import Tensor

from repro.files import write_with
from repro.maker.activations.edited import EditedModel
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.loaded import model_of
from repro.maker.activations.predicted import hidden_from, log_probabilities_of
from repro.maker.engine.kept import kept
from repro.maker.erase.jobs import ReadJob
from repro.maker.erase.names import ANSWERS, Prompts, prompts_of, read_names
from repro.maker.erase.strength import two_way
from repro.maker.interpret.prepared import read_text
from repro.maker.interpret.text import EXPLAIN, tokenizer_of

TENSORS = "read.safetensors"


class Asking(NamedTuple):
    """Prompts of one task."""

    ids: Int[Tensor, "prompt position"]
    """Token ids."""
    label: Int[Tensor, " prompt"]
    """0 for men's names, 1 for women's."""
    is_training: Bool[Tensor, " prompt"]
    """Half of the names: on which erasers are fitted and chosen."""
    is_edited: Bool[Tensor, "prompt position"]
    """Positions from the name on, sinks left out."""
    shared: Int[Tensor, " n_shared"]
    """Tokens before the name, the same in all."""
    answers: Int[Tensor, " 2"]
    """Tokens of the two answers."""
    x: Float[Tensor, "prompt position d_in"]
    """Activations at the hook point."""
    score: Float[Tensor, " prompt"]
    """Probability of the right one of two answers."""
    gradient: Float[Tensor, "prompt position d_in"]
    """Of the score, with respect to the activations."""

    def half(self, *, training: bool) -> "Asking":
        """The prompts of one half of the names."""
        rows, whole = self.is_training == training, ("answers", "shared")
        return self._replace(
            **{name: value[rows] for name, value in self._asdict().items() if name not in whole}
        )


class Text(NamedTuple):
    """Fragments on which an erasure should change nothing."""

    ids: Int[Tensor, "fragment position"]
    """Token ids, with what stands before them."""
    block: Int[Tensor, " fragment"]
    """Block of documents."""
    is_edited: Bool[Tensor, "fragment position"]
    """Positions of the fragment, sinks left out."""
    x: Float[Tensor, "fragment position d_in"]
    """Activations at the hook point."""
    hidden: Float[Tensor, "fragment position d_model"]
    """What the head of the untouched model reads."""
    kl_whole: Float[Tensor, " fragment"]
    """D(clean || edited) with the mean activation in place of each, summed over positions."""


class Read(NamedTuple):
    """What a way of erasing is given."""

    gender: Asking
    """The task that it is fitted on."""
    pronoun: Asking
    """Another that needs the same."""
    text: Text
    """Other text."""


def read_item(job: ReadJob, folder: Path) -> None:
    """Work: prompts of both tasks, and text, with the activations on them."""
    edited = job.edited
    torch.set_num_threads(edited.threads)
    tokenizer, names = tokenizer_of(edited.files.folder), read_names(job.names)

    def encode(words: str) -> list[int]:
        return tokenizer.encode(words, add_special_tokens=False).ids

    bos = edited.before[0] if edited.before else None
    tensors: dict[str, Tensor] = {}
    for task in ANSWERS:
        prompts = prompts_of(
            task, names, encode, bos, shots=job.shots, most=job.most_names, seed=job.seed
        )
        tensors |= {f"{task}.{k}": v for k, v in _asked(edited, prompts)._asdict().items()}
    tensors |= {f"text.{name}": value for name, value in _text(edited)._asdict().items()}
    ready = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_with(folder / TENSORS, lambda part: save_file(ready, part))


@kept(1)
def read_read(folder: Path) -> Read:
    """What `read_item` wrote; the folder is named for its content."""
    tensors = load_file(folder / TENSORS)

    def part(name: str) -> dict[str, Any]:
        mine = {k.partition("."): v for k, v in tensors.items()}
        return {field: value for (whose, _, field), value in mine.items() if whose == name}

    return Read(Asking(**part("gender")), Asking(**part("pronoun")), Text(**part("text")))


def _asked(edited: EditedModel, prompts: Prompts) -> Asking:
    lm, answers = model_of(edited.files), torch.tensor(prompts.answers)
    scores, gradients, streams = [], [], []
    for part in torch.arange(len(prompts.ids)).split(edited.batch):
        ids, at = prompts.ids[part], torch.full((len(part),), prompts.ids.shape[1] - 1)
        x = lm.activations(ids, [edited.hook])[edited.hook].float().clone().requires_grad_(True)
        with torch.enable_grad():
            logits = lm.logits_from(x, edited.hook, ids, at)[:, answers]
            score = two_way(logits, prompts.label[part].to(logits.device))
            (gradient,) = torch.autograd.grad(score.sum(), x)
        streams.append(x.detach().cpu())
        scores.append(score.detach().float().cpu())
        gradients.append(gradient.cpu())
    x = torch.cat(streams)
    is_edited = x.norm(dim=-1) <= edited.sink_norm
    is_edited[:, : max(prompts.first, edited.first_edited)] = False
    return Asking(
        ids=prompts.ids,
        label=prompts.label,
        is_training=prompts.is_training,
        is_edited=is_edited,
        shared=prompts.ids[0, : prompts.first].clone(),
        answers=answers,
        x=x,
        score=torch.cat(scores),
        gradient=torch.cat(gradients),
    )


def _text(edited: EditedModel) -> Text:
    """Fragments of the half on which is judged."""
    text, _ = read_text(edited.text)
    judged = text.block != EXPLAIN
    own = torch.from_numpy(text.ids[judged].astype(np.int64))
    before = torch.tensor(edited.before, dtype=torch.int64).expand(len(own), -1)
    ids, lm = torch.cat([before, own], dim=1), model_of(edited.files)
    x = torch.cat(
        [
            lm.activations(p, [edited.hook])[edited.hook].float().cpu()
            for p in ids.split(edited.batch)
        ]
    )
    is_edited = x.norm(dim=-1) <= edited.sink_norm
    is_edited[:, : edited.first_edited] = False
    block = torch.from_numpy(text.block[judged].astype(np.int64))
    rows = torch.arange(len(ids)).split(edited.batch)
    hidden = torch.cat([hidden_from(lm, x[p], edited.hook, ids[p]).cpu() for p in rows])
    away = torch.where(is_edited[..., None], x[is_edited].mean(dim=0), x)
    kl_whole = [
        divergence(lm, hidden[p], hidden_from(lm, away[p], edited.hook, ids[p]), len(edited.before))
        for p in rows
    ]
    return Text(ids, block, is_edited, x, hidden, torch.cat(kl_whole))


def divergence(
    lm: LanguageModel,
    clean: Float[Tensor, "fragment position d_model"],
    edited: Float[Tensor, "fragment position d_model"],
    first: int,
) -> Float[Tensor, " fragment"]:
    """D(clean || edited) of the predictions, in nats, summed over the positions from `first` on."""
    p, q = (log_probabilities_of(lm, hidden[:, first:]).cpu() for hidden in (clean, edited))
    return (p.exp() * (p - q)).sum(dim=(1, 2)).double()
