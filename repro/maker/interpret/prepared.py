"""What all units of a site share: the text with its predicates, and the activations on it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_tensors
from safetensors.torch import save_file as save_tensors
from torch import Tensor

from repro.files import write_json, write_with
from repro.maker.activations.loaded import ModelFiles, model_of
from repro.maker.activations.tokens import read_tokens_manifest
from repro.maker.engine.job import Job
from repro.maker.engine.kept import kept
from repro.maker.interpret.case import Text
from repro.maker.interpret.predicates import Predicate, Predicates, predicates_of
from repro.maker.interpret.text import Cut, fragments_of, tokenizer_of
from repro.maker.source.corpus import read_documents

TEXT, WORDS, UNEMBEDDING = "text.safetensors", "words.json", "unembedding.safetensors"


class TextJob(Job):
    """Fragments of text that no other stage has used."""

    fetched: Path
    """Folder of the language model and the text."""
    model_sha256: str
    """Hash of the model's files, the tokenizer among them."""
    documents_sha256: str
    """Hash of the documents."""
    tokens: Path
    """Folder of the sequences of the other stages."""
    tokens_sha256: str
    """Their hash."""
    cut: Cut
    """How the text is cut."""


class ReadJob(Job):
    """Activations on those fragments at some hook points, in one forward pass."""

    model: ModelFiles
    """The language model."""
    text: Path
    """Result of the text; its name is its hash."""
    before: list[int]
    """Tokens put before each fragment, whose activations are left out."""
    skip_positions: int
    """First positions of a sequence whose activations are left out, those tokens included."""
    hooks: dict[str, str]
    """Hook point of each site, by its role."""
    sink_norm: dict[str, float]
    """Norm above which a token of a site is left out as an attention sink."""
    batch: int
    """Fragments a forward pass."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


def text_item(job: TextJob, folder: Path) -> None:
    """Work: cut the text, number its predicates."""
    documents = read_documents(job.fetched / "text" / "documents.parquet")
    splits = read_tokens_manifest(job.tokens).documents.values()
    used = {document for split in splits for document in split}
    text = fragments_of(tokenizer_of(job.fetched / "model"), documents, used, job.cut)
    found = predicates_of(text)
    arrays = {
        **{name: getattr(text, name) for name in ("ids", "document", "block")},
        **{name: getattr(found, name) for name in ("of_token", "of_fragment")},
    }
    write_with(folder / TEXT, lambda part: save_file(arrays, part))
    write_json(folder / WORDS, {"pieces": text.pieces, "names": found.names})


@kept(1)
def read_text(folder: Path) -> tuple[Text, Predicates]:
    """What `text_item` wrote; the folder is named for its content."""
    arrays = load_file(folder / TEXT)
    words: dict[str, Any] = json.loads((folder / WORDS).read_text(encoding="utf8"))
    names = tuple(Predicate(*name) for name in words["names"])
    text = Text(
        ids=arrays["ids"],
        pieces=tuple(words["pieces"]),
        document=arrays["document"],
        block=arrays["block"],
    )
    return text, Predicates(names, arrays["of_token"], arrays["of_fragment"])


def read_item(job: ReadJob, folder: Path) -> None:
    """Work: `<site>.safetensors` for each site, with x [fragment, token, d_in] and what is kept.

    And how directions of the residual stream become logits, for the cards.
    """
    torch.set_num_threads(job.threads)
    text, _ = read_text(job.text)
    lm = model_of(job.model)
    before = np.tile(np.array(job.before, dtype=np.int64), (len(text.ids), 1))
    ids = torch.from_numpy(np.concatenate([before, text.ids], axis=1))
    parts: dict[str, list[Tensor]] = {site: [] for site in job.hooks}
    names = sorted({*job.hooks.values()})
    head = {"head": lm.unembedding().to(lm.dtype).cpu().contiguous()}
    write_with(folder / UNEMBEDDING, lambda part: save_tensors(head, part))
    for rows in ids.split(job.batch):
        found = lm.activations(rows, names)
        for site, hook in job.hooks.items():
            parts[site].append(found[hook][:, len(job.before) :].cpu())
    for site in job.hooks:
        x = torch.cat(parts.pop(site))
        is_kept = x.float().norm(dim=-1) <= job.sink_norm[site]
        is_kept[:, : max(0, job.skip_positions - len(job.before))] = False
        content = {"x": x.contiguous(), "kept": is_kept}
        write_with(folder / f"{site}.safetensors", lambda part, c=content: save_tensors(c, part))


@kept(1)
def read_unembedding(folder: Path) -> Float[Tensor, "vocabulary d_model"]:
    """How directions of the residual stream become logits, as `read_item` wrote it."""
    return load_tensors(folder / UNEMBEDDING)["head"].float()


@kept(1)
def read_activations(
    folder: Path, site: str
) -> tuple[Float[Tensor, "fragment token d_in"], Bool[Tensor, "fragment token"]]:
    """What `read_item` wrote of a site: activations as stored, and which are no sinks."""
    content = load_tensors(folder / f"{site}.safetensors")
    return content["x"], content["kept"]
