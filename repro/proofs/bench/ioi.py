"""Patching: the blocks above a site alone against the whole model; what elimination costs."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import Tensor

from repro.maker.activations.lm import LanguageModel
from repro.maker.decompositions.basis import rotation
from repro.maker.decompositions.decomposition import Decomposition, Knob
from repro.maker.dictionaries.model import Transform
from repro.maker.ioi.choose import effects, eliminate, ranking
from repro.maker.ioi.patch import Change, Task, change_of
from repro.maker.ioi.prompted import encoder
from repro.maker.ioi.prompts import Batch, PromptSplit, as_batch, draw_pairs
from repro.maker.ioi.words import read_words
from repro.maker.params.ioi import Elimination
from repro.proofs.bench.machine import THREADS, seconds

PAIRS, RUNS = 64, 3
TRIALS = 4
"""Pairs on which features are given up."""
FEATURES = (36, 72, 144, 288, 576)
MOST_SINGLY = 144
"""Features up to which they are also tried one at a time, as the authors do."""


def localisation(folder: Path, hook: str, how: Elimination, device: torch.device) -> dict[str, Any]:
    """Patched forwards a second of both ways, interleaved, and elimination by number of features.

    The naive way runs the model whole with a hook that replaces the stream. Both unembed the last
    position alone. `is_equal` says whether their logits agree bit by bit.
    """
    torch.set_num_threads(THREADS)
    model = LanguageModel.load(folder, dtype=torch.float32, device=device)
    encode_text = encoder(folder)
    counts: dict[PromptSplit, int] = {"select": PAIRS, "heldout": 1}
    pairs = draw_pairs(
        read_words("embedded"), encode_text, corruption="io", counts=counts, seed=0, bos=None
    )["select"]
    batch = as_batch(pairs, encode_text)
    few = Batch(*(tensor[:TRIALS] for tensor in batch))
    patched = model.activations(batch.counterfactual, [hook])[hook]
    ours = partial(_above, model, batch, hook, patched)
    naive = partial(_whole, model, batch, hook, patched)
    speeds = [(PAIRS / seconds(ours, runs=RUNS), PAIRS / seconds(naive, runs=RUNS)) for _ in "abc"]
    ratios = sorted(a / b for a, b in speeds)
    return {
        "block": model.point(hook).block,
        "blocks": model.n_layers,
        "pairs": PAIRS,
        "tokens": batch.clean.shape[1],
        "patched_per_s": sorted(a for a, _ in speeds)[1],
        "naive_per_s": sorted(b for _, b in speeds)[1],
        "patched_over_naive": ratios[1],
        "is_equal": torch.equal(ours(), naive()),
        "elimination": {
            "thresholds": how.thresholds,
            "smallest": how.smallest,
            "pairs": TRIALS,
            "costs": list(_prices(_Prompts(model, few, hook), how)),
        },
    }


@torch.no_grad()
def _above(model: LanguageModel, batch: Batch, hook: str, stream: Tensor) -> Tensor:
    return model.logits_from(stream, hook, batch.clean, batch.at)


@torch.no_grad()
def _whole(model: LanguageModel, batch: Batch, hook: str, stream: Tensor) -> Tensor:
    with model.bridge.hooks(fwd_hooks=[(hook, lambda x, hook: stream)]):  # noqa: ARG005
        return model.logits(batch.clean, batch.at)


class _Prompts(NamedTuple):
    """A few pairs and what they need to be patched; kept apart from the read-out that counts."""

    model: LanguageModel
    batch: Batch
    hook: str

    def task(self, count: Callable[[], None]) -> Task:
        """The pairs, with `count` called at each forward pass."""
        model, few, hook = self

        def stream(ids: Tensor) -> Tensor:
            return model.activations(ids, [hook])[hook].float()

        def readout(x: Tensor, part: Tensor) -> Tensor:
            count()
            return model.logits_from(x, hook, few.clean[part], few.at[part])

        return Task(
            clean=stream(few.clean),
            counterfactual=stream(few.counterfactual),
            changed=few.changed,
            names=few.names,
            clean_logits=model.logits(few.clean, few.at),
            counterfactual_logits=model.logits(few.counterfactual, few.at),
            readout=readout,
            batch=TRIALS,
        )


def _prices(prompts: _Prompts, how: Elimination) -> Iterator[dict[str, Any]]:
    """Passes and seconds of eliminations that begin with ever more of the best coordinates."""
    passes: list[float] = []
    task = prompts.task(lambda: passes.append(perf_counter()))
    d_in = task.clean.shape[-1]
    plain = Transform(torch.zeros(d_in), 1.0)
    basis = Decomposition(rotation(torch.eye(d_in)), plain, Knob("none", 0.0))
    whole = change_of(task, basis)
    best = ranking(effects(task, whole, steps=1))
    for chunk, n in ((c, n) for c in (how.chunk, 1) for n in FEATURES if c > 1 or n <= MOST_SINGLY):
        change = Change(whole.codes[..., best[:n]], whole.features[best[:n]])
        passes.clear()
        began = perf_counter()
        eliminate(
            task, change, smallest=how.smallest, n_thresholds=how.thresholds, chunk=chunk, seed=0
        )
        took = perf_counter() - began
        yield {"chunk": chunk, "features": n, "passes": len(passes), "seconds": took}
