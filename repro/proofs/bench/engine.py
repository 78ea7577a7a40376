"""Grid training against the matrix-product peak of the same processor in the same run."""

from itertools import repeat
from typing import Any

import torch

from repro.maker.dictionaries.recipe import Recipe
from repro.maker.dictionaries.stack import start
from repro.maker.dictionaries.train import train
from repro.maker.engine.device import resolve_dtype
from repro.proofs.bench.machine import THREADS, seconds

D_IN, WIDTH, ALPHAS, BATCH = 576, 2, (0.0, 1e-3, 2e-3, 3.5e-3, 6e-3, 1e-2, 1.8e-2), 256
STEPS = 12
PRODUCTS = 5
"""Matrix products a step of the tied autoencoder: encode, decode, and three in the gradient."""


def engine(device: torch.device) -> dict[str, Any]:
    """Tokens a second of a stack of seven, and its arithmetic as a share of the matmul peak."""
    torch.set_num_threads(THREADS)
    matmul = resolve_dtype("auto", device)
    x = torch.randn(BATCH, D_IN, device=device)
    recipe = Recipe(
        name="bench", method="sae", d_sae=WIDTH * D_IN, alphas=ALPHAS, seed=0, n_steps=STEPS,
        lr=1e-3, betas=(0.9, 0.999), eps=1e-8, warmup=0.05, decay=0.2, penalty_warmup=0.5, clip=1.0,
        matmul=matmul, device=device,
    )  # fmt: skip
    stack = start(recipe, D_IN)

    def steps() -> None:
        for _ in train(stack, repeat(x, STEPS), recipe, log_every=50):
            pass
        _wait(device)

    peaks, speeds = [], []
    for _ in range(3):
        peaks.append(_peak(device, matmul))
        speeds.append(seconds(steps, runs=3) / STEPS)
    per_step = sorted(speeds)[1]
    work = len(ALPHAS) * PRODUCTS * 2 * BATCH * D_IN * recipe.d_sae
    peak = sorted(peaks)[1]
    return {
        "arithmetic": str(matmul).removeprefix("torch."),
        "grid": f"{len(ALPHAS)} tied SAEs, {D_IN} -> {recipe.d_sae}, batch {BATCH}",
        "matmul_peak_gflops": peak / 1e9,
        "grid_gflops": work / per_step / 1e9,
        "grid_share_of_peak": work / per_step / peak,
        "tokens_per_s_whole_grid": BATCH / per_step,
        "tokens_per_s_one_sae": BATCH * len(ALPHAS) / per_step,
    }


def _peak(device: torch.device, matmul: torch.dtype) -> float:
    """FLOP/s of the best of three large square-ish products."""
    best = 0.0
    for m, k, n in ((2048, 576, 6144), (2048, 2048, 2048), (1152, 512, 576)):
        a = torch.randn(m, k, device=device).to(matmul)
        b = torch.randn(k, n, device=device).to(matmul)
        best = max(best, 2 * m * k * n / seconds(lambda a=a, b=b: _product(a, b), runs=5))
    return best


def _product(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.mm(a, b)
    _wait(a.device)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
