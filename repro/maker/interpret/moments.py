"""Shape of a unit's activations, and of the tokens on which it fires."""

import numpy as np
from jaxtyping import Float


def skewness(a: Float[np.ndarray, "..."]) -> float:
    """E[c^3] / Var(c)^(3/2), moments about zero. Source: authors' code (paper, appendix C.4)."""
    values = a.ravel().astype(float)
    return float((values**3).mean() / values.var() ** 1.5) if values.var() > 0 else 0.0


def kurtosis(a: Float[np.ndarray, "..."]) -> float:
    """E[c^4] / Var(c)^2, moments about zero. Source: authors' code (paper, appendix C.4)."""
    values = a.ravel().astype(float)
    return float((values**4).mean() / values.var() ** 2) if values.var() > 0 else 0.0
