"""All claims together (section 6)."""

from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p'_(i) = max over j <= i of min(1, (n - j + 1) p_(j)), of the sorted p-values."""
    n = len(p_values)
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda one: one[1]), start=1):
        largest = max(largest, min(1.0, (n - rank + 1) * p))
        adjusted[name] = largest
    return adjusted
