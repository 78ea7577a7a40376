"""The table `ratings` from worlds of known truth."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from repro.contract.rows.rate import RatingRow

METHODS = ("sae", "neurons", "pca", "ica", "random")
RATERS = ("rater 1", "rater 2", "rater 3", "rater 4")
N_FEATURES, N_CATCH, SCALE = 12, 8, 4
"""Features of each method, catch items, and the largest rating."""


@dataclass(frozen=True)
class World:
    """What is true; the defaults make the claim true. Ratings are shares of the scale."""

    sae: float = 0.7
    """Mean rating of the dictionary's features."""
    others: float = 0.35
    """Mean rating of every other method's."""
    n_raters: int = len(RATERS)
    """People who rate."""
    n_skimming: int = 0
    """Of those, the ones who get half of the catch items wrong."""


def ratings(world: World) -> Iterator[RatingRow]:
    """Every rater rates every item; features differ, and so do raters, a little."""
    generator = np.random.default_rng(23)
    of_feature = generator.normal(0, 0.1, len(METHODS) * N_FEATURES)
    for r, rater in enumerate(RATERS[: world.n_raters]):
        strictness = 0.01 * (r - 1.5)
        for feature, shift in enumerate(of_feature.tolist()):
            method = METHODS[feature // N_FEATURES]
            mean = world.sae if method == "sae" else world.others
            liked = mean + shift - strictness + generator.normal(0, 0.1)
            yield _row(rater, feature, method, float(np.clip(round(SCALE * liked), 0, SCALE)))
        for item in range(N_CATCH):
            right = int(r >= world.n_skimming or item % 2 == 0)
            rating = SCALE if (item % 2 == 0) == right else 0
            yield _row(rater, len(of_feature) + item, "planted", rating, catch=1, right=right)


def _row(
    rater: str, feature: int, method: str, rating: float, *, catch: int = 0, right: int = 0
) -> RatingRow:
    return RatingRow(
        rater=rater,
        feature=feature,
        method=method,
        n=1,
        rating=rating / SCALE,
        is_catch_item=catch,
        is_right=right,
    )
