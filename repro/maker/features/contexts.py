"""Contexts of a target, and what the language model expects after it there (section 5.2).

The expected token of a target T is the one that the target makes likelier:

    argmax_v  mean over contexts of T of sqrt p(v)  -  mean over random positions of sqrt p(v)

on fragments of the half in which units are searched; what an ablation does to it is judged on the
other half. So nobody picks a token, and a tokenizer that merges an apostrophe with what follows
("'s") has an expected token as well. Of plain probabilities one context in which the model is sure
of a word decides; of their square roots, many.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from safetensors.torch import load_file, save_file
from torch import Tensor

from repro.errors import SourceError
from repro.files import write_with
from repro.maker.activations.edited import EditedModel
from repro.maker.activations.lm import LanguageModel
from repro.maker.activations.loaded import model_of
from repro.maker.engine.job import Job
from repro.maker.engine.kept import kept
from repro.maker.features.targets import TARGETS, members_of
from repro.maker.interpret.case import Text
from repro.maker.interpret.prepared import read_text
from repro.maker.interpret.text import EXPLAIN

SEARCHED = 4
"""Contexts in which the expected token is found, for each in which an ablation is judged."""
EARLIEST = 4
"""Tokens before the first place of a fragment that may be a context."""
TENSORS = "contexts.safetensors"


class ContextsJob(Job):
    """Contexts of one target."""

    edited: EditedModel
    """The model, and where it is edited."""
    target: str
    """Class of tokens."""
    count: int
    """Contexts in which an ablation is judged."""
    seed: int
    """Seed of their draw."""


class Contexts(NamedTuple):
    """Contexts on which is judged, and the model untouched on them."""

    ids: Int[Tensor, "context position"]
    """Whole fragments, with what stands before them."""
    at: Int[Tensor, " context"]
    """Position of the target."""
    block: Int[Tensor, " context"]
    """Block of the fragment."""
    x: Float[Tensor, "context position d_in"]
    """Activations at the hook point."""
    is_edited: Bool[Tensor, "context position"]
    """Positions that an edit may change: no sinks, and nothing that stands before the fragment."""
    is_target: Bool[Tensor, "context position"]
    """Positions at which a token of the target stands."""
    logits: Float[Tensor, "context vocabulary"]
    """What the model says after the target."""
    losses: Float[Tensor, "context predicted"]
    """Cross-entropy of each next token, in nats."""
    expected: int
    """The expected token."""


class Places(NamedTuple):
    """One place in each of some fragments."""

    fragment: Int[np.ndarray, " n"]
    """Numbers of fragments."""
    token: Int[np.ndarray, " n"]
    """Places in them."""


def places_of(
    is_in: Bool[np.ndarray, "fragment token"],
    among: Int[np.ndarray, " n"],
    count: int,
    rng: np.random.Generator,
) -> Places:
    """At most `count` places at random among those fragments, one a fragment.

    None is among the first tokens of its fragment, which have no context, and none the last, after
    which nothing is predicted.
    """
    usable = is_in[among].copy()
    usable[:, :EARLIEST], usable[:, -1] = False, False
    having = np.flatnonzero(usable.any(axis=1))
    chosen = np.sort(rng.permutation(having)[:count])
    tokens = [int(rng.choice(np.flatnonzero(usable[row]))) for row in chosen]
    return Places(among[chosen], np.array(tokens, dtype=np.int64))


def expected_after(
    p_target: Float[Tensor, "context vocabulary"], p_anywhere: Float[Tensor, "place vocabulary"]
) -> int:
    """The token whose mean square root of probability is raised most."""
    return int((p_target.sqrt().mean(dim=0) - p_anywhere.sqrt().mean(dim=0)).argmax())


def contexts_item(job: ContextsJob, folder: Path) -> None:
    """Work: the contexts of a target, drawn and read once for all decompositions.

    Raises:
        SourceError: the target stands in no fragment of one of the halves.
    """
    edited = job.edited
    torch.set_num_threads(edited.threads)
    text, _ = read_text(edited.text)
    is_in = members_of(job.target, text.pieces)[text.ids]
    searched, judged = _drawn(job, text, is_in)
    anywhere = places_of(np.ones_like(is_in), searched.fragment, len(is_in), _rng(job, 1))
    lm = model_of(edited.files)
    expected = expected_after(
        _said(lm, edited, text, searched).softmax(-1),
        _said(lm, edited, text, anywhere).softmax(-1),
    )
    told = _untouched(lm, edited, text, judged)
    told |= {
        "block": torch.from_numpy(text.block[judged.fragment].astype(np.int64)),
        "is_target": _behind(torch.from_numpy(is_in[judged.fragment]), edited),
        "expected": torch.tensor(expected),
    }
    ready = {name: tensor.contiguous() for name, tensor in told.items()}
    write_with(folder / TENSORS, lambda part: save_file(ready, part))


@kept(1)
def read_contexts(folder: Path) -> Contexts:
    """What `contexts_item` wrote; the folder is named for its content."""
    tensors: dict[str, Any] = load_file(folder / TENSORS)
    return Contexts(**{**tensors, "expected": int(tensors["expected"])})


def _drawn(
    job: ContextsJob, text: Text, is_in: Bool[np.ndarray, "fragment token"]
) -> tuple[Places, Places]:
    """Places on the half in which is searched, and as many on the blocks of the other."""
    rng, n_blocks = _rng(job, 0), int(text.block.max()) + 1
    many = SEARCHED * job.count
    searched = places_of(is_in, np.flatnonzero(text.block == EXPLAIN), many, rng)
    blocks = [np.flatnonzero(text.block == block) for block in range(n_blocks)]
    share = -(-job.count // n_blocks)
    judged = [places_of(is_in, block, share, rng) for block in blocks]
    joined = Places(*(np.concatenate(parts) for parts in zip(*judged, strict=True)))
    if not len(searched.fragment) or not len(joined.fragment):
        raise SourceError(
            f"no fragment of one half of the text has {TARGETS[job.target].says} in a context",
            expected=f"at least one of {job.count} (features.ablated.contexts) in each half",
            mend=f"raise features.tokens, or remove {job.target} from features.ablated.targets",
        )
    return searched, joined


def _rng(job: ContextsJob, which: int) -> np.random.Generator:
    return np.random.default_rng([job.seed, 0xC0, which])


def _sequences(edited: EditedModel, text: Text, places: Places) -> Iterator[tuple[Tensor, Tensor]]:
    """Fragments with what stands before them, a pass at a time, and the places in them."""
    ids = _behind(torch.from_numpy(text.ids[places.fragment].astype(np.int64)), edited)
    at = torch.from_numpy(places.token) + len(edited.before)
    yield from zip(ids.split(edited.batch), at.split(edited.batch), strict=True)


def _behind(of_fragment: Tensor, edited: EditedModel) -> Tensor:
    """Numbers of fragments behind those of what stands before them (ids), or behind nothing."""
    before = torch.tensor(edited.before, dtype=of_fragment.dtype)
    if of_fragment.dtype == torch.bool:
        before = torch.zeros(len(edited.before), dtype=torch.bool)
    return torch.cat([before.expand(len(of_fragment), -1), of_fragment], dim=1)


def _said(lm: LanguageModel, edited: EditedModel, text: Text, places: Places) -> Tensor:
    """Logits after each place."""
    return torch.cat([lm.logits(*some).cpu() for some in _sequences(edited, text, places)])


def _untouched(
    lm: LanguageModel, edited: EditedModel, text: Text, places: Places
) -> dict[str, Tensor]:
    """What the model makes of the contexts on which is judged."""
    parts: list[dict[str, Tensor]] = []
    for ids, at in _sequences(edited, text, places):
        x = lm.activations(ids, [edited.hook])[edited.hook]
        told = {"x": x.float(), "logits": lm.logits(ids, at), "losses": lm.losses(ids)}
        parts.append({"ids": ids, "at": at, **{name: one.cpu() for name, one in told.items()}})
    found = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    is_edited = found["x"].norm(dim=-1) <= edited.sink_norm
    is_edited[:, : edited.first_edited] = False
    return found | {"is_edited": is_edited}
