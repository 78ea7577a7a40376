"""Decompositions that would come out otherwise another time: there are several draws of each.

PCA and ICA depend on the documents on which they are fitted, random directions on chance. A claim
compares seeds of dictionaries with as many draws of these.
"""

from collections.abc import Sequence

OF_COMPONENTS = frozenset(
    {
        *("pca", "pca_signed", "pca_topk", "pca_static"),
        *("ica", "ica_signed", "ica_topk"),
    }
)
"""Fitted on a draw of the training documents."""
OF_CHANCE = frozenset({"random", "random_signed", "random_topk", "random_orthogonal"})
"""Directions of chance."""


def draws_of(method: str, draws: Sequence[int]) -> Sequence[int]:
    """The draws of a decomposition that needs no training: all, or the one that there is."""
    return draws if method in OF_COMPONENTS | OF_CHANCE else [0]
