"""What scorers do alike: a value for each variant and block, over fragments asked about before."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from jaxtyping import Int

from repro.maker.interpret.case import Case, Drawn, Variant

VARIANTS: tuple[Variant, ...] = ("top_and_random", "top_only", "random_only", "unconditional")


def by_variant(
    case: Case, value: Callable[[Drawn, Variant], float]
) -> Mapping[Variant, tuple[float, ...]]:
    """A value of each block's fragments, by variant."""
    return {v: tuple(value(drawn, v) for drawn in case.score) for v in VARIANTS}


def unscored(case: Case) -> Mapping[Variant, tuple[float, ...]]:
    """NaN throughout: nothing could be scored."""
    return by_variant(case, lambda _, __: float("nan"))


def all_scored(case: Case) -> Int[np.ndarray, " n"]:
    """Every fragment that some variant of some block needs, once."""
    parts: Iterable[Int[np.ndarray, " n"]] = [part for drawn in case.score for part in drawn]
    return np.unique(np.concatenate([np.zeros(0, dtype=int), *parts]))
