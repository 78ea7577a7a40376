"""Noise: the jackknife over each family, intervals and p-values (sections 4 and 6)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import scipy.special  # pyright: ignore[reportMissingTypeStubs]  # there are none

LEAST_P = 1e-100
"""No p-value is told below this."""
HALVINGS = 200
"""Halvings of the interval that holds ln p."""


@dataclass(frozen=True)
class Family:
    """What one family adds to the noise of a number."""

    variance: float
    """V of section 4."""
    degrees: int
    """Its degrees of freedom."""


@dataclass(frozen=True)
class Number:
    """A number that is judged, with all that is known of its noise."""

    theta: float
    """θ from all rows."""
    families: tuple[Family, ...]
    """The families, those of shares included."""
    error: float
    """Error of interpolation."""

    def half_width(self, alpha: float) -> float:
        """sqrt(sum over f of t(1 - α/2; degrees_f)^2 V_f) + error of interpolation (section 4)."""
        return math.sqrt(self._spread(alpha)) + self.error

    def p_value(self, distance: float) -> float:
        """The p for which the half-width is just a distance on one side of θ (section 6).

        sum over f of t(1 - p/2; degrees_f)^2 V_f = (d - error)^2, solved by halving in ln p.
        """
        if distance <= self.error:
            return 1.0
        if all(one.variance == 0.0 for one in self.families):
            return 0.0
        target = (distance - self.error) ** 2
        low, high = math.log(LEAST_P), 0.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2.0
            if self._spread(math.exp(middle)) > target:
                low = middle
            else:
                high = middle
        return math.exp((low + high) / 2.0)

    def _spread(self, alpha: float) -> float:
        return sum(quantile(alpha, one.degrees) ** 2 * one.variance for one in self.families)


def quantile(alpha: float, degrees: int) -> float:
    """Student's t(1 - α/2; degrees), from the other tail: a small α keeps its digits."""
    library: Any = scipy.special
    return -float(library.stdtrit(float(degrees), alpha / 2.0))


def jackknife(left_out: Sequence[float]) -> Family:
    """V = (g - 1)/g · sum over i of (θ_(i) - mean)^2, with max(g - 1, 1) degrees (section 4)."""
    g = len(left_out)
    mean = sum(left_out) / g
    squares = sum((one - mean) ** 2 for one in left_out)
    return Family((g - 1) / g * squares, max(g - 1, 1))
