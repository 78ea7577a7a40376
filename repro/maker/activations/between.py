"""From one hook point of a language model to a later one: activations there, as they are here."""

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

    Gradients flow to `x` where it asks for them. Blocks above `there` are not run.

    Raises:
        ParamsError: there is no such hook point.
    """
    found: dict[str, Tensor] = {}
    x = x.to(device=lm.device, dtype=lm.dtype)
    hooks = [
        (lm.point(here).name, lambda own, hook: x),  # noqa: ARG005
        (lm.point(there).name, partial(_keep, found)),
    ]
    stop = lm.point(there).block + 1
    with lm.bridge.hooks(fwd_hooks=hooks):
        # What is asked to stop after the last block would run the head as well.
        lm.bridge(
            ids.to(device=lm.device), **({"stop_at_layer": stop} if stop < lm.n_layers else {})
        )
    return found["x"]


def _keep(found: dict[str, Tensor], x: Tensor, hook: Any) -> None:  # noqa: ARG001
    found["x"] = x
