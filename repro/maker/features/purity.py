"""How much of a unit's activation a few tokens hold: is it of one meaning, whatever that is?

    purity = sum_{t in S} a_t / sum_t a_t,   S the m tokens that hold most of it on other documents

So no class of tokens has to be thought of beforehand; a mixture of meanings, or none, needs more
tokens than S has.
"""

import numpy as np
from jaxtyping import Float, Int


def likeliest_tokens(
    a: Float[np.ndarray, " token"], ids: Int[np.ndarray, " token"], count: int
) -> Int[np.ndarray, " m"]:
    """The `count` token ids that hold most activation, or as many as hold any."""
    fires = a > 0
    names, places = np.unique(ids[fires], return_inverse=True)
    mass = np.bincount(places.ravel(), a[fires].astype(float), len(names))
    return names[np.argsort(-mass, kind="stable")[:count]]


def purity(
    a: Float[np.ndarray, " token"],
    ids: Int[np.ndarray, " token"],
    block: Int[np.ndarray, " token"],
    some: Int[np.ndarray, " m"],
) -> Float[np.ndarray, " block"]:
    """Share of the activation on some token ids, block by block; NaN where the unit is silent."""
    above = np.maximum(a, 0.0).astype(float)
    total = np.bincount(block, above)
    held = np.bincount(block, above * np.isin(ids, some))
    return np.divide(held, total, out=np.full_like(total, np.nan), where=total > 0)
