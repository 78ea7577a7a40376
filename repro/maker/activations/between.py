"""From one hook point of a language model to a later one: activations there, as they are here.

Beside `lm.py` and not in it: activations are harvested anew when that file changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor

from repro.maker.activations.lm import LanguageModel


def activations_from(
    lm: LanguageModel,
    x: Float[Tensor, "batch position d_in"],
    here: str,
    ids: Int[Tensor, "batch position"],
    there: str,
) -> Float[Tensor, "batch position d_there"]:
    """Activations at the hook point `there` with those at `here` replaced by `x`.

    Gradients flow to `x` where it asks for them. Blocks above `there` are not run, and those below
    `here` neither where the residual stream is replaced and the architecture allows it.

    Raises:
        ParamsError: there is no such hook point.
    """
    found: dict[str, Tensor] = {}
    x = x.to(device=lm.device, dtype=lm.dtype)
    first, stop = lm.point(here), lm.point(there).block + 1
    read = (lm.point(there).name, partial(_keep, found))
    if first.is_residual and lm._can_cut:
        with lm.bridge.hooks(fwd_hooks=[read]), _blocks(lm, first.block + 1, stop):
            lm._hidden(inputs_embeds=x)
        return found["x"]
    hooks = [(first.name, lambda own, hook: x), read]  # noqa: ARG005
    with lm.bridge.hooks(fwd_hooks=hooks):
        # What is asked to stop after the last block would run the head as well.
        lm.bridge(
            ids.to(device=lm.device), **({"stop_at_layer": stop} if stop < lm.n_layers else {})
        )
    return found["x"]


@contextmanager
def _blocks(lm: LanguageModel, first: int, stop: int) -> Iterator[None]:
    with lm._blocks_from(first):
        stack = lm.bridge.original_model.base_model
        stack.layers = stack.layers[: stop - first]
        yield


def _keep(found: dict[str, Tensor], x: Tensor, hook: Any) -> None:  # noqa: ARG001
    found["x"] = x
