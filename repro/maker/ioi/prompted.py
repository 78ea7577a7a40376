"""Pairs of prompts before the language model: drawn once, kept with what it makes of them."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from repro.contract.rows.ioi import PromptRow
from repro.files import write_json, write_with
from repro.maker.activations.loaded import ModelFiles, model_of
from repro.maker.engine.kept import kept
from repro.maker.engine.result import write_result
from repro.maker.ioi.jobs import LocaliseJob, NamesJob, PromptsJob
from repro.maker.ioi.patch import Task, divergence
from repro.maker.ioi.prompts import (
    Batch,
    Encode,
    Pair,
    PromptSplit,
    as_batch,
    draw_pairs,
    usable_names,
)
from repro.maker.ioi.results import Prompted
from repro.maker.ioi.words import read_words

PAIRS, TENSORS = "pairs.json", "tensors.safetensors"
SIDES = ("clean", "counterfactual")
"""Both prompts of a pair."""


def prompts_item(job: PromptsJob, folder: Path) -> None:
    """Work: the pairs of one draw and corruption, what the model says to them, and its streams."""
    speaker = job.speaker
    model, encode_text = model_of(speaker.model), encoder_of(speaker.model)
    drawn = draw_pairs(
        read_words(speaker.words),
        encode_text,
        corruption=job.corruption,
        counts=job.n_pairs,
        seed=job.draw,
        bos=speaker.bos,
    )
    rows, tensors = [], {}
    for split, pairs in drawn.items():
        batch = as_batch(pairs, encode_text)
        logits = {side: model.logits(getattr(batch, side), batch.at).cpu() for side in SIDES}
        tensors |= {f"{split}.{side}_logits": found for side, found in logits.items()}
        for (name, hook), side in product(job.hooks.items(), SIDES):
            x = model.activations(getattr(batch, side), [hook])[hook]
            tensors[f"{split}.{name}.{side}"] = x.float().cpu()
        rows += _rows(job, split, pairs, batch, logits)
    ready = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_with(folder / TENSORS, lambda part: save_file(ready, part))
    write_json(folder / PAIRS, {s: [pair._asdict() for pair in p] for s, p in drawn.items()})
    write_result(folder, Prompted(rows=rows))


def _rows(
    job: PromptsJob, split: PromptSplit, pairs: list[Pair], batch: Batch, logits: dict[str, Tensor]
) -> Iterator[PromptRow]:
    gap = logits["clean"].double().gather(1, batch.names)
    kl = divergence(logits["clean"], logits["counterfactual"])
    for number, pair in enumerate(pairs):
        yield PromptRow(
            draw=job.draw,
            corruption=job.corruption,
            split=split,
            pair=number,
            template=pair.template,
            io=pair.clean_names[0],
            subject=pair.clean_names[1],
            counterfactual_io=pair.counterfactual_names[0],
            counterfactual_subject=pair.counterfactual_names[1],
            clean=pair.clean,
            counterfactual=pair.counterfactual,
            n_prompts=1,
            n_tokens=len(pair.clean_ids),
            n_changed=int(batch.changed[number].sum()),
            correct=int(gap[number, 0] > gap[number, 1]),
            logit_difference=float(gap[number, 0] - gap[number, 1]),
            kl_clean=float(kl[number]),
        )


def read_pairs(prompts: Path, split: PromptSplit) -> list[Pair]:
    """The pairs of a split, as `prompts_item` drew them."""
    listed = json.loads((prompts / PAIRS).read_text("utf8"))[split]
    names = ("clean_names", "counterfactual_names")
    return [Pair(**{**one, **{name: tuple(one[name]) for name in names}}) for one in listed]


def names_item(job: NamesJob, folder: Path) -> None:
    """Work: the activation at each name at the end of plain sentences, at each site."""
    speaker = job.speaker
    model, encode_text = model_of(speaker.model), encoder_of(speaker.model)
    words = read_words(speaker.words)
    prefix = [] if speaker.bos is None else [speaker.bos]
    names = usable_names(words, encode_text)
    found: dict[str, list[Tensor]] = {role: [] for role in job.hooks}
    for form in words.plain:
        ids = torch.tensor([prefix + encode_text(form.format(name=name)) for name in names])
        streams = model.activations(ids, sorted(set(job.hooks.values())))
        for role, hook in job.hooks.items():
            found[role].append(streams[hook][:, -1].float().cpu())
    tensors = {role: torch.stack(parts, dim=1) for role, parts in found.items()}
    write_with(folder / TENSORS, lambda part: save_file(tensors, part))


def task_of(job: LocaliseJob, split: PromptSplit) -> Task:
    """The prompts of one split before the language model, patched at the job's site."""
    tensors = load_file(job.prompts / TENSORS)
    speaker, site, hook = job.speaker, job.asked.of.site, job.hook
    model = model_of(speaker.model)
    batch = as_batch(read_pairs(job.prompts, split), encoder_of(job.speaker.model))

    def readout(x: Tensor, part: Tensor) -> Tensor:
        return model.logits_from(x, hook, batch.clean[part], batch.at[part]).to(x.device)

    return Task(
        clean=tensors[f"{split}.{site}.clean"],
        counterfactual=tensors[f"{split}.{site}.counterfactual"],
        changed=batch.changed,
        names=batch.names,
        clean_logits=tensors[f"{split}.clean_logits"],
        counterfactual_logits=tensors[f"{split}.counterfactual_logits"],
        readout=readout,
        batch=job.batch,
    )


@kept()
def encoder_of(files: ModelFiles) -> Encode:
    """The tokenizer of a language model, read once a process."""
    return encoder(files.folder)


def encoder(model: Path) -> Encode:
    """The tokenizer of a fetched model, as text to ids without special tokens."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids
