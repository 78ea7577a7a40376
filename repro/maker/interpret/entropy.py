"""How abstract a unit is: the entropy of the tokens on which it is active.

Source: Heap et al. (2025), token-distribution entropy. A unit that fires on one token alone is a
word detector; one that fires on many is more abstract, or says nothing at all.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from repro.maker.interpret.case import Case

Weighting = Literal["activation", "firing"]
"""What a token counts: the activation on it, or 1 wherever the unit is above 0."""


def token_entropy(case: Case, weighting: Weighting = "activation") -> float:
    """Entropy in nats of the distribution over token ids on which the unit is active.

    H = −Σ p(v) log p(v), p(v) ∝ Σ w over all places in all fragments at which token v stands;
    w = max(a, 0) weighted by activation, w = 1 if a > 0 else 0 weighted by firing.
    0 for a unit that is active on one token alone, log n where n tokens share it equally; the
    scale of activations does not matter. NaN for a unit that is never above 0.
    """
    above = np.maximum(case.activations, 0.0)
    weights = above if weighting == "activation" else (above > 0).astype(float)
    return entropy_over_ids(case.text.ids.ravel(), weights.ravel())


def entropy_over_ids(ids: Int[np.ndarray, " place"], weights: Float[np.ndarray, " place"]) -> float:
    """Entropy in nats of weights added up by id; NaN where nothing weighs."""
    largest = weights.max(initial=0.0)
    if not largest > 0:
        return float("nan")
    weighs = weights > 0
    _, slots = np.unique(ids[weighs], return_inverse=True)
    # Divided first, so that neither tiny nor huge activations leave the range of numbers.
    mass = np.bincount(slots.ravel(), weights[weighs] / largest)
    shares = mass[mass > 0] / mass.sum()
    return float(max(0.0, -(shares * np.log(shares)).sum()))
