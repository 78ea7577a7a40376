"""Intervals from leaving out clusters: seeds and documents, not rows.

Rows of one document, or of one training run, err together, so the unit that is left out is the
whole cluster. A percentile bootstrap over three seeds would draw one of ten resamples and come out
far too narrow; the delete-one jackknife with Student's t on g - 1 degrees of freedom states how
little three seeds tell. Two families (seeds and documents) add up in quadrature, each with its own
t: pooled degrees of freedom by Satterthwaite's formula cover 92 % where 95 % is claimed, because
three seeds often look more alike than they are. Sources: Efron & Stein 1981 (the jackknife variance
does not err on the small side); Cameron, Gelbach & Miller 2011 (two-way clusters: variances add,
and here the intersection term is not subtracted, which is conservative).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit  # pyright: ignore[reportMissingTypeStubs]  # there are none

MOST_GROUPS = 20
"""Families with more members are put into this many groups, by rank: same target, less work."""

LEAST_LOG_P = -230.0
"""Natural logarithm of the smallest p-value that is told: 1e-100."""
CUTS, ROUNDS = 64, 10
"""Parts that a bracket is cut into, and how often: 64^10 is beyond what a double can tell apart."""


@dataclass(frozen=True)
class Family:
    """One way of leaving units out.

    `members` has one line for each column that names units and one entry for each row: the number
    of the group that the row leaves with, or -1 for a row that never leaves.
    """

    name: str
    members: np.ndarray
    n_groups: int
    n_units: int


@dataclass(frozen=True)
class Jackknife:
    """Point estimates, and for each family its jackknife variances and degrees of freedom.

    Shapes: quantities; families x quantities; families.
    """

    estimate: np.ndarray
    variances: np.ndarray
    degrees: np.ndarray


@dataclass(frozen=True)
class Interval:
    """A point estimate and its confidence interval."""

    estimate: float
    low: float
    high: float


def family_of(name: str, columns: Sequence[np.ndarray], strata: np.ndarray) -> Family:
    """The family whose units are the values of `columns` (one column, or two of paired units).

    A unit leaves only within a stratum (site and method) that has at least two units: a method
    without randomness has the one seed 0, and its rows stay when seed 0 of another method leaves.
    A row that names a unit in both columns leaves once.
    """
    units, codes = np.unique(np.concatenate(columns), return_inverse=True)
    n_groups = min(len(units), MOST_GROUPS)
    codes = codes.reshape(len(columns), -1)
    stays = _lone_strata(codes, strata)[strata]
    members = np.where(stays, -1, codes % max(n_groups, 1))
    for later in range(1, len(members)):
        members[later][(members[:later] == members[later]).any(axis=0)] = -1
    return Family(name, members, n_groups, len(units))


def _lone_strata(codes: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Whether each stratum has but one unit."""
    seen = np.zeros((int(strata.max()) + 1, int(codes.max()) + 1), dtype=bool)
    seen[strata, codes] = True
    return seen.sum(axis=1) == 1


def leave_out_sums(
    values: np.ndarray, cell: np.ndarray, n_cells: int, families: Sequence[Family]
) -> np.ndarray:
    """Sums of `values` (rows x columns) in each cell: of all rows, then without each group.

    Shape: 1 + the groups of all families, cells, columns.
    """
    blocks = [_cell_sums(values, cell, n_cells)[None]]
    for family in families:
        n_slots = family.n_groups * n_cells
        gone = np.zeros((n_slots, values.shape[1]))
        for member in family.members:
            leaves = member >= 0
            slot = member[leaves] * n_cells + cell[leaves]
            gone += _cell_sums(values[leaves], slot, n_slots)
        blocks.append(blocks[0] - gone.reshape(family.n_groups, n_cells, -1))
    return np.concatenate(blocks)


def _cell_sums(values: np.ndarray, cell: np.ndarray, n_cells: int) -> np.ndarray:
    return np.stack([np.bincount(cell, column, n_cells) for column in values.T], axis=1)


def jackknife(replicates: np.ndarray, n_groups: Sequence[int], n_floors: int = 0) -> Jackknife:
    """Variance of each quantity from its leave-one-out replicates, family by family.

        V_f = (g_f - 1) / g_f * sum_i (theta_i - mean theta)^2,  degrees_f = g_f - 1

    Args:
        replicates: line 0 from all rows, then one line for each group of each family; one column
            for each quantity.
        n_groups: groups of each family, in the order of the lines.
        n_floors: how many pairs of lines at the end stand for the noise of shares of which all
            units agree: theta where a share is moved up, and down, by its standard error. Of two
            lines, V is the square of half their distance. Their degrees are the fewest of all.
    """
    blocks = np.split(replicates[1:], np.cumsum([*n_groups, *[2] * n_floors])[:-1])
    variances = [(len(b) - 1) / len(b) * ((b - b.mean(axis=0)) ** 2).sum(axis=0) for b in blocks]
    degrees = np.maximum(np.array(n_groups) - 1, 1)
    fewest = np.full(n_floors, degrees.min())
    return Jackknife(replicates[0], np.array(variances), np.concatenate([degrees, fewest]))


def intervals(
    jackknifed: Jackknife, confidence: float, errors: np.ndarray | float = 0.0
) -> list[Interval]:
    """Two-sided intervals, one for each quantity; no variance and no error give [theta, theta].

        half-width = sqrt(sum_f t(degrees_f)^2 V_f) + error

    Args:
        jackknifed: the estimates and what is known of their noise.
        confidence: of each interval.
        errors: what each estimate may be off by beside its noise, such as by interpolation.
    """
    quantiles = stdtrit(jackknifed.degrees, 0.5 + confidence / 2)
    halves = np.sqrt((quantiles[:, None] ** 2 * jackknifed.variances).sum(axis=0)) + errors
    pairs = zip(jackknifed.estimate.tolist(), halves.tolist(), strict=True)
    return [Interval(theta, theta - half, theta + half) for theta, half in pairs]


@dataclass(frozen=True)
class Noise:
    """What the interval of one quantity is made of, so that its level can be asked for."""

    variances: tuple[float, ...]
    """Jackknife variance of each family."""
    degrees: tuple[int, ...]
    """Degrees of freedom of each."""
    error: float = 0.0
    """What the estimate may be off by beside its noise."""

    def p_at(self, distance: float) -> float:
        """Two-sided p-value of a distance from the estimate.

        It is 1 less the confidence of the interval that just reaches so far:

            sum_f t(degrees_f; 1 - p / 2)^2 V_f = (distance - error)^2

        and 1 where the distance is not above the error, 0 where there is no variance.
        """
        distance -= self.error
        if distance <= 0:
            return 1.0
        if self._half(LEAST_LOG_P) <= distance:
            return math.exp(LEAST_LOG_P) if any(self.variances) else 0.0

        return math.exp(self._log_p_at(distance))

    def _half(self, log_p: float) -> float:
        return float(self._halves(np.array([log_p]))[0])

    def _halves(self, log_p: np.ndarray) -> np.ndarray:
        """Half of the interval at each level."""
        quantiles = stdtrit(np.array(self.degrees), np.exp(log_p)[:, None] / 2)
        return np.sqrt((quantiles**2 * np.array(self.variances)).sum(axis=1))

    def _log_p_at(self, distance: float) -> float:
        """The level whose half interval is that long: halves shrink as p grows.

        Bisection by many cuts at once. scipy's root finders would do it in one call, and take a
        third of a second to import: longer than the judge needs for ten claims.
        """
        low, high = LEAST_LOG_P, 0.0
        for _ in range(ROUNDS):
            cuts = np.linspace(low, high, CUTS + 1)
            i = int(np.count_nonzero(self._halves(cuts[1:-1]) >= distance))
            low, high = float(cuts[i]), float(cuts[i + 1])
        return low


def noises(jackknifed: Jackknife, errors: Sequence[float]) -> list[Noise]:
    """The noise of each quantity, and what it may be off by beside."""
    degrees = tuple(jackknifed.degrees.tolist())
    told = zip(jackknifed.variances.T.tolist(), errors, strict=True)
    return [Noise(tuple(one), degrees, error) for one, error in told]


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p-values: each may be held against the level as if it stood alone.

        p'_(i) = max over j <= i of min(1, (m - j + 1) p_(j)),  p sorted, m of them

    The probability that any true null hypothesis falls stays below the level, whatever their
    dependence (Holm 1979); uniformly better than Bonferroni's m p.
    """
    ordered, largest = sorted(p_values.items(), key=lambda one: one[1]), 0.0
    found: dict[str, float] = {}
    for i, (name, p) in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - i) * p))
        found[name] = largest
    return found


def family_confidence(confidence: float, m: int) -> float:
    """Confidence of each of m intervals so that all hold together (Bonferroni)."""
    return 1 - (1 - confidence) / max(m, 1)
