"""SAELens's trainers from outside: jobs as files, dictionaries back in our own form."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from repro.errors import StageError
from repro.files import sha256_of, write_json
from repro.maker.dictionaries.model import Dictionary, Transform
from repro.maker.engine.provenance import key_of

SCRIPT = Path(__file__).parent / "saelens.py"
USUAL = {"batch": 256, "lr": 3.0e-3, "lr_decay": 0.2, "l1_warmup": 0.05, "seed": 0}
"""Step size, decay and rise of the penalty as SAELens's users set them: of what was tried (step
sizes 3e-4, 1e-3, 3e-3; batches of 256, 1024, 4096; with the tutorial's decay over the last fifth
and rise over the first twentieth, or without) the lowest FVU at equal L0 on validation."""
STANDARD = [
    {**USUAL, "trainer": "standard", "l1_coefficient": c} for c in (0.5, 1.0, 1.7, 3.0, 5.0)
]
TOPK = [{**USUAL, "trainer": "topk", "lr": 1.0e-3, "k": k} for k in (10, 20, 40, 80, 160)]


def dictionaries(
    python: Path, given: Path, folder: Path, transform: Transform, jobs: list[dict[str, Any]]
) -> list[tuple[dict[str, Any], Dictionary, Transform]]:
    """Train every job, two at a time on a thread each; what is there already is not redone.

    A result belongs to a job, to the activations by content and to the script.
    """
    made_of = {"threads": 1, "given_sha256": sha256_of(given), "script_sha256": sha256_of(SCRIPT)}
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda job: run(python, given, folder, {**job, **made_of}), jobs))
    return [(about, *_ours(Path(about["weights"]), about, transform)) for about in made]


def run(
    python: Path, given: Path, folder: Path, job: dict[str, Any], *, again: bool = False
) -> dict[str, Any]:
    """One job in a process of its own: the job itself with seconds, tokens and versions.

    With `again` it is run even if its result is there, as a timing must be.

    Raises:
        StageError: SAELens is not there, or it failed; the message ends with what it said.
    """
    name = key_of(job)[:16]
    files = {part: str(folder / f"{name}.{part}") for part in ("weights", "result")}
    whole = {"tokens": None, **job, **files, "activations": str(given)}
    if again or not Path(files["result"]).exists():
        write_json(folder / f"{name}.job", whole)
        command = [str(python), str(SCRIPT), str(folder / f"{name}.job")]
        quiet = {**os.environ, "WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1"}
        try:
            subprocess.run(command, env=quiet, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise StageError(
                f"{python} is missing", expected="SAELens's own environment", mend="make peers"
            ) from None
        except subprocess.CalledProcessError as error:
            raise StageError(
                f"SAELens could not train: {error.stderr[-2000:]}",
                expected="a run that ends well",
                mend="make peers, if its environment is broken; else see what it said",
            ) from None
    return {**whole, **json.loads(Path(files["result"]).read_text(encoding="utf8"))}


def _ours(
    weights: Path, about: dict[str, Any], transform: Transform
) -> tuple[Dictionary, Transform]:
    """Their weights as a dictionary of ours; the decoder bias is a shift of the centre."""
    w = load_file(weights)
    is_topk = about["trainer"] == "topk"
    dictionary = Dictionary(
        w["W_enc"], w["b_enc"], w["W_dec"], "topk" if is_topk else "relu", about.get("k", 0)
    )
    return dictionary, transform._replace(mean=transform.mean + w["b_dec"] / transform.scale)


def alpha_of(about: dict[str, Any], d_in: int) -> float:
    """The penalty as ours are stated, for the mean over coordinates: l1_coefficient / d_in."""
    return about.get("l1_coefficient", 0.0) / d_in


def permuted(x: torch.Tensor) -> torch.Tensor:
    """Activations in a random order, in half precision, as they are handed over."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    return x[order].bfloat16().contiguous()
