"""Which fragments a unit is explained and scored on: one rule for all methods."""

import numpy as np
from jaxtyping import Float, Int

from repro.maker.interpret.case import Drawn
from repro.maker.interpret.text import EXPLAIN
from repro.maker.params.interpret import Excerpts

GROUPS = 20
"""Groups of drawn units and of planted features: as many as the judge leaves out one by one."""


def drawn_for(
    activations: Float[np.ndarray, "fragment token"],
    block: Int[np.ndarray, " fragment"],
    sizes: Excerpts,
    rng: np.random.Generator,
) -> tuple[Drawn, tuple[Drawn, ...]] | None:
    """Fragments to explain and, block by block, to score; none where it fires on too few.

    Paper: appendix A takes 20 fragments of the largest activation and 20 at random among those
    with any; one with fewer is left out. Departs: explaining and scoring fragments come from
    different documents, and nothing that is among the strongest is drawn again at random.
    """
    largest = activations.max(axis=1)
    n_blocks = int(block.max()) + 1
    wanted = (sizes.explained_top, sizes.explained_random, sizes.explained_anywhere)
    explain = _drawn(largest, np.flatnonzero(block == EXPLAIN), wanted, rng)
    wanted = (sizes.scored_top, sizes.scored_random, sizes.scored_anywhere)
    score = [_drawn(largest, np.flatnonzero(block == b), wanted, rng) for b in range(n_blocks)]
    whole = tuple(one for one in score if one)
    return (explain, whole) if explain and len(whole) == n_blocks else None


def _drawn(
    largest: Float[np.ndarray, " fragment"],
    here: Int[np.ndarray, " n"],
    wanted: tuple[int, int, int],
    rng: np.random.Generator,
) -> Drawn | None:
    n_top, n_random, n_anywhere = wanted
    firing = here[largest[here] > 0]
    if len(firing) < n_top + n_random:
        return None
    order = firing[np.argsort(-largest[firing], kind="stable")]
    return Drawn(
        top=order[:n_top],
        random=rng.choice(order[n_top:], n_random, replace=False),
        anywhere=rng.choice(here, min(n_anywhere, len(here)), replace=False),
    )
