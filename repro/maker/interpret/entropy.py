"""On how many different tokens a unit fires: its abstractness."""

import numpy as np
from jaxtyping import Float, Int


def token_entropy(
    activations: Float[np.ndarray, "fragment token"], ids: Int[np.ndarray, "fragment token"]
) -> float:
    """Entropy in nats of the tokens on which a unit fires, weighted by activation.

        p_v = sum_{t: id_t = v} max(a_t, 0) / sum_t max(a_t, 0),    H = - sum_v p_v ln p_v

    0 for one token alone, ln n for n tokens alike; 0 too where it never fires. Source: Heap et al.
    2025 (arXiv 2501.17727), who describe by it what scores do not tell: whether a feature stands
    for a token or for something that many tokens share.
    """
    weight = np.bincount(ids.ravel(), np.maximum(activations, 0.0).ravel().astype(float))
    total = weight.sum()
    share = weight[weight > 0] / total if total > 0 else weight[:0]
    return float(-(share * np.log(share)).sum())
