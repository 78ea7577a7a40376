"""Shape of a unit's activations, and of the tokens on which it fires."""

import numpy as np
from jaxtyping import Float


def skewness(a: Float[np.ndarray, "..."]) -> float:
    """E[c^3] / Var(c)^(3/2), moments about zero. Source: authors' code (paper, appendix C.4)."""
    values = a.ravel().astype(float)
    variance = values.var()
    # Products: numpy's power of a number other than two is ten times slower.
    return float((values * values * values).mean() / variance**1.5) if variance > 0 else 0.0


def kurtosis(a: Float[np.ndarray, "..."]) -> float:
    """E[c^4] / Var(c)^2, moments about zero. Source: authors' code (paper, appendix C.4)."""
    squares = np.square(a.ravel().astype(float))
    variance = a.astype(float).var()
    return float(np.square(squares).mean() / variance**2) if variance > 0 else 0.0
