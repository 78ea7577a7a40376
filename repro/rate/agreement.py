"""How far raters agree."""

from collections.abc import Mapping

import numpy as np

from repro.rate.records import SCALE


def alpha(ratings: Mapping[tuple[str, int], int]) -> float | None:
    """Krippendorff's alpha, ordinal: 1 - observed over expected disagreement; missing ones allowed.

    1 is full agreement, 0 what chance brings about. None where it has no value: no item was rated
    by two, or all ratings are the same.

    Args:
        ratings: 0 to 4 by rater and item.
    """
    import krippendorff

    raters, items = (sorted({key[i] for key in ratings}) for i in (0, 1))
    table = np.full((len(raters), len(items)), np.nan)
    for (rater, item), rating in ratings.items():
        table[raters.index(rater), items.index(item)] = rating
    pairable = table[:, (~np.isnan(table)).sum(axis=0) > 1]
    if len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        return None
    domain = list(range(SCALE + 1))
    found = krippendorff.alpha(pairable, value_domain=domain, level_of_measurement="ordinal")
    return float(found)
