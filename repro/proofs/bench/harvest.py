"""Harvest through the adapter against the plain Hugging Face model stopped at the same block."""

from pathlib import Path
from typing import Any

import torch

from repro.maker.activations.lm import LanguageModel
from repro.maker.engine.device import resolve_dtype
from repro.maker.hook_points import hook_point
from repro.proofs.bench.machine import THREADS, seconds

BATCH, LENGTH, RUNS = 16, 128, 5


def harvest(model: Path, sites: list[str], device: torch.device) -> dict[str, Any]:
    """Tokens a second of both, interleaved in pairs, and the ratio."""
    from transformers.models.auto.modeling_auto import AutoModelForCausalLM

    torch.set_num_threads(THREADS)
    dtype = resolve_dtype("auto", device)
    adapter = LanguageModel.load(model, dtype=dtype, device=device)
    plain: Any = AutoModelForCausalLM.from_pretrained(model, dtype=dtype, local_files_only=True)
    body = plain.to(device).eval().base_model
    body.layers = body.layers[: max(hook_point(name).block for name in sites) + 1]
    ids = torch.arange(BATCH * LENGTH).view(BATCH, LENGTH).to(device) * 7919 % 40_000

    @torch.inference_mode()
    def stopped() -> None:
        body(ids, use_cache=False)

    ours, theirs = [], []
    for _ in range(3):
        theirs.append(ids.numel() / seconds(stopped, runs=RUNS))
        ours.append(ids.numel() / seconds(lambda: adapter.activations(ids, sites), runs=RUNS))
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    return {
        "sites": sites,
        "arithmetic": str(dtype).removeprefix("torch."),
        "harvest_tokens_per_s": sorted(ours)[1],
        "plain_tokens_per_s": sorted(theirs)[1],
        "harvest_share_of_plain": ratios[1],
        "max_logit_difference": adapter.max_logit_difference,
    }
