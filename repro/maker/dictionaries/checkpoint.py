"""Half-trained stacks on disk: a run that was stopped goes on as if it had not been."""

import json
import time
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from repro.files import write_with
from repro.maker.dictionaries.architectures.architecture import Stack
from repro.maker.dictionaries.recipe import Recipe
from repro.maker.dictionaries.stack import start
from repro.maker.dictionaries.train import Logged


def save_checkpoint(path: Path, stack: Stack, step: int, records: list[Logged]) -> None:
    """Write parameters, optimiser state and log of a half-trained stack."""
    tensors = {name: getattr(stack, name) for name in ("W_enc", "b_enc", "W_dec", "b_dec")}
    for name, parameter in stack.trained().items():
        for moment in ("exp_avg", "exp_avg_sq"):
            tensors[f"{name}.{moment}"] = stack.adam.state[parameter][moment]
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {"step": str(step), "records": json.dumps(records)}
    write_with(path, lambda part: save_file(ready, part, metadata=metadata))


def load_checkpoint(path: Path, recipe: Recipe) -> tuple[Stack, int, list[Logged]]:
    """Read what `save_checkpoint` wrote; the stack goes on as if it had never stopped."""
    with safe_open(path, framework="pt", device=str(recipe.device)) as file:
        tensors = {name: file.get_tensor(name) for name in tuple(file.keys())}
        metadata = file.metadata()
    step = int(metadata["step"])
    stack = start(recipe, tensors["W_enc"].shape[-1])
    for name, parameter in stack.trained().items():
        parameter.copy_(tensors[name])
        stack.adam.state[parameter] = {
            "step": torch.tensor(float(step), device=recipe.device),
            "exp_avg": tensors[f"{name}.exp_avg"],
            "exp_avg_sq": tensors[f"{name}.exp_avg_sq"],
        }
    records = [Logged(*values) for values in json.loads(metadata["records"])]
    return stack, step, records


class Timer:
    """Says when the next checkpoint is due."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Whether `seconds` have passed since this last said yes."""
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
