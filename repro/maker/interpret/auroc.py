"""How well a number tells two kinds apart."""

import numpy as np
from jaxtyping import Float


def auroc(positive: Float[np.ndarray, " p"], negative: Float[np.ndarray, " n"]) -> float:
    """Chance that a positive outscores a negative, ties counted half: area under the ROC curve.

    Source: Mann and Whitney (1947), U / (p · n). NaN where one of both kinds is missing.
    """
    if not (positive.size and negative.size):
        return float("nan")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left").sum()
    up_to = np.searchsorted(ordered, positive, side="right").sum()
    return float((below + up_to) / 2 / (positive.size * negative.size))
