"""SAELens's own trainers on given activations: run by the Python of `make peers`, alone.

    .venv-peers/bin/python repro/proofs/bench/peers/saelens.py JOB.json

The job names a safetensors file with `x` [n, d], the trainer and its settings, and where to write
weights and result. SAELens 6 needs transformer-lens 3, ours is 4, so the two never share an
environment: activations and weights pass between them as safetensors, settings as JSON.
"""
# pyright: reportMissingImports=false

import json
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from sae_lens import (
    SAETrainer,
    StandardTrainingSAE,
    StandardTrainingSAEConfig,
    TopKTrainingSAE,
    TopKTrainingSAEConfig,
)
from sae_lens.config import SAETrainerConfig
from safetensors.torch import load_file, save_file


def main() -> None:
    """Train one autoencoder as the job says; write its weights and what it took."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf8"))
    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    x = load_file(job["activations"])["x"][: job["tokens"]].float()
    steps = len(x) // job["batch"]
    sae = _autoencoder(job, x.shape[1], steps)
    config = SAETrainerConfig(
        total_training_samples=steps * job["batch"],
        train_batch_size_samples=job["batch"],
        lr=job["lr"],
        lr_end=job["lr"] / 10,
        lr_decay_steps=round(job["lr_decay"] * steps),
    )
    began = time.perf_counter()
    trained = SAETrainer(config, sae, _batches(x, job["batch"], job["seed"])).fit()
    seconds = time.perf_counter() - began
    # Codes in units of unit decoder rows, as ours are; for top-k the library selects by these.
    norm = trained.W_dec.norm(dim=1).detach()
    weights = {
        "W_enc": trained.W_enc.detach().T * norm[:, None],
        "b_enc": trained.b_enc.detach() * norm,
        "W_dec": trained.W_dec.detach() / norm[:, None],
        "b_dec": trained.b_dec.detach(),
    }
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, job["weights"])
    result = {
        "seconds": seconds,
        "tokens": steps * job["batch"],
        "versions": {name: version(name) for name in ("sae-lens", "torch", "transformer-lens")},
    }
    Path(job["result"]).write_text(json.dumps(result), encoding="utf8")


def _autoencoder(job: dict[str, Any], d_in: int, steps: int) -> Any:
    shape = {"d_in": d_in, "d_sae": job["d_sae"]}
    if job["trainer"] == "topk":
        return TopKTrainingSAE(TopKTrainingSAEConfig(**shape, k=job["k"]))
    warm_up = round(job["l1_warmup"] * steps)
    return StandardTrainingSAE(
        StandardTrainingSAEConfig(
            **shape, l1_coefficient=job["l1_coefficient"], l1_warm_up_steps=warm_up
        )
    )


def _batches(x: torch.Tensor, batch: int, seed: int) -> Iterator[torch.Tensor]:
    """Rows in a random order, each once a round; the trainer asks for as many as it wants."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(x), generator=generator)
        for start in range(0, len(x) - batch + 1, batch):
            yield x[order[start : start + batch]]


if __name__ == "__main__":
    main()
