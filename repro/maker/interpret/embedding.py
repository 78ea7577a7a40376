"""Scorer by embedding: is a firing context like the unit's strongest ones?

Contexts are windows of a few tokens, encoded as sentences. A unit's strongest explaining windows
have a mean direction; on the scoring half, the area under the ROC tells how well the likeness to it
(the cosine) separates windows in which the unit fires from those in which it is silent.
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from safetensors.numpy import load_file, save_file

from repro.files import write_with
from repro.maker.engine.job import Job
from repro.maker.engine.kept import kept
from repro.maker.interpret.auroc import auroc
from repro.maker.interpret.case import Case, Scored, Text, Variant
from repro.maker.interpret.prepared import read_text

WINDOW = 16
"""Tokens of a context."""
STRONGEST = 20
"""Explaining windows that make up the unit's direction."""
VARIANTS: tuple[Variant, ...] = ("top_and_random", "top_only", "random_only", "unconditional")
VECTORS = "vectors.safetensors"
AT_ONCE = 128


class EmbedJob(Job):
    """The windows of some fragments, as the encoder sees them."""

    encoder: Path
    """Hugging Face directory of the encoder."""
    encoder_sha256: str
    """Hash of the hashes of its files."""
    text: Path
    """Result of the text; its name is its hash."""
    first: int
    """First of the fragments."""
    last: int
    """The one after the last of them."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


def embed_item(job: EmbedJob, folder: Path) -> None:
    """Work: a unit vector for each window of each fragment."""
    torch.set_num_threads(job.threads)
    text, _ = read_text(job.text)
    some = range(job.first, job.last)
    sentences = ["".join(text.tokens(i)[a:b]) for i in some for a, b in windows(text)]
    found = embedded(job.encoder, sentences).reshape(len(some), len(windows(text)), -1)
    write_with(folder / VECTORS, lambda part: save_file({"vectors": found}, part))


@kept(1)
def read_vectors(folders: tuple[Path, ...]) -> Float[np.ndarray, "fragment window dimension"]:
    """What `embed_item` wrote, part after part."""
    return np.concatenate([load_file(folder / VECTORS)["vectors"] for folder in folders])


def windows(text: Text) -> list[tuple[int, int]]:
    """First and last token of each window of a fragment; the last may be shorter."""
    length = text.ids.shape[1]
    return [(start, min(start + WINDOW, length)) for start in range(0, length, WINDOW)]


@torch.inference_mode()
def embedded(encoder: Path, sentences: list[str]) -> Float[np.ndarray, "sentence dimension"]:
    """Unit vectors: the mean of the encoder's last states over a sentence's own tokens.

    Source: Reimers & Gurevych 2019 (Sentence-BERT), mean pooling, as all-MiniLM-L6-v2 was trained.
    """
    from transformers.models.auto.modeling_auto import AutoModel
    from transformers.models.auto.tokenization_auto import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(encoder, local_files_only=True)
    model = AutoModel.from_pretrained(encoder, local_files_only=True).eval()
    parts = []
    for start in range(0, len(sentences), AT_ONCE):
        some = sentences[start : start + AT_ONCE]
        given = tokenizer(some, padding=True, truncation=True, return_tensors="pt")
        states = model(**given).last_hidden_state
        own = given["attention_mask"].unsqueeze(-1).to(states.dtype)
        mean = (states * own).sum(dim=1) / own.sum(dim=1)
        parts.append(torch.nn.functional.normalize(mean, dim=-1))
    return torch.cat(parts).numpy()


class EmbeddingScorer:
    """Area under the ROC of firing against silent windows, by likeness to the strongest."""

    name = "embedding"
    metric = "area under the ROC of firing against silent contexts, by likeness to the strongest"
    chance = 0.5
    ends = (0.0, 1.0)

    def __init__(self, vectors: Float[np.ndarray, "fragment window dimension"]) -> None:
        self.vectors = vectors

    def __call__(self, case: Case) -> Scored:
        """Take the direction from the one half, separate on the other."""
        strength = strengths(case)
        shown = np.concatenate([case.explain.top, case.explain.random])
        direction = self._direction(strength, shown)
        likeness = self.vectors @ direction
        scores: dict[Variant, tuple[float, ...]] = {
            variant: tuple(
                _separated(likeness, strength, block.of(variant)) for block in case.score
            )
            for variant in VARIANTS
        }
        return Scored((), scores)

    def _direction(
        self, strength: Float[np.ndarray, "fragment window"], shown: Int[np.ndarray, " n"]
    ) -> Float[np.ndarray, " dimension"]:
        order = np.argsort(-strength[shown].ravel(), kind="stable")[:STRONGEST]
        chosen = order[strength[shown].ravel()[order] > 0]
        vectors = self.vectors[shown].reshape(-1, self.vectors.shape[-1])
        return vectors[chosen].mean(axis=0)


def strengths(case: Case) -> Float[np.ndarray, "fragment window"]:
    """The largest activation in each window."""
    starts = [start for start, _ in windows(case.text)]
    return np.maximum.reduceat(case.activations, starts, axis=1)


def _separated(
    likeness: Float[np.ndarray, "fragment window"],
    strength: Float[np.ndarray, "fragment window"],
    fragments: Int[np.ndarray, " n"],
) -> float:
    """NaN for a unit that fires in every window: there is none to tell it from."""
    fires, values = strength[fragments] > 0, likeness[fragments]
    return auroc(values[fires], values[~fires])
