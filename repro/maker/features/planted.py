"""Units of known meaning over real text: what a search, and purity, must find if they work."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from repro.maker.features.targets import members_of

JITTER = 0.3
"""Standard deviation of the logarithm of an activation under its meaning."""
ELSEWHERE, FAINT = 1e-3, 0.1
"""Share of all tokens on which a unit fires without a meaning, and how strongly."""


def planted_codes(
    ids: Int[np.ndarray, " token"],
    pieces: Sequence[str],
    targets: Sequence[str],
    n_single: int,
    seed: int,
) -> Float[np.ndarray, "token unit"]:
    """A unit for each target, and units of one single token each, the commonest tokens first.

    a = exp(jitter * normal) on the meaning's tokens, a tenth of that on one token in a thousand
    """
    rng = np.random.default_rng([seed, 0xF1])
    names, counts = np.unique(ids, return_counts=True)
    single = names[np.argsort(-counts, kind="stable")[:n_single]]
    holds = [members_of(target, pieces)[ids] for target in targets]
    holds += [ids == one for one in single]
    meaning = np.stack(holds, axis=1)
    strength = np.exp(JITTER * rng.standard_normal(meaning.shape))
    faint = FAINT * (rng.random(meaning.shape) < ELSEWHERE)
    return (strength * (meaning + faint * ~meaning)).astype(np.float32)
