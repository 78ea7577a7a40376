"""The least noise that a share of counts has: units that all agree do not make it certain.

Three seeds that each find all of twelve features have a jackknife variance of nothing, and [1, 1]
would be their interval. Where every unit gives one share to the last bit, its standard error is
that of a binomial share with two successes and two failures added (Agresti & Coull 1998):

    p = (s + 2) / (n + 4),  error = sqrt(p (1 - p) / (n + 4))

with s of n over all rows of the cell. Counts that do not err independently err by more: a floor.
"""

from collections.abc import Sequence

import numpy as np

from repro.contract.evidence import Table
from repro.contract.rows import row_models
from repro.contract.rows.row import Row
from repro.spec.quantities import Ratio


def floors_of(
    table: Table, of: Ratio, columns: Sequence[str], sums: np.ndarray
) -> list[np.ndarray]:
    """Pairs of lines, one for each cell of which all units agree on the share.

    In the first its ratio is one standard error larger than in line 0, in the second as much
    smaller; where logarithms are compared, its logarithm. The errors of the two shares of a
    difference add in quadrature. Shape of each pair: (2, cells, columns). None where the ratio is
    no share of counts, as the row model declares them.
    """
    parts = _counted(table, of)
    if not parts:
        return []
    over, under, less = (
        sums[:, :, columns.index(one)] if one else np.zeros(sums.shape[:2])
        for one in (of.over, of.under, of.less)
    )
    ratios = (over - less) / np.where(under > 0, under, 1.0)
    moves, sign = (of.less or of.over, -1) if of.over == of.under else (of.over, 1)
    found: list[np.ndarray] = []
    for cell in np.flatnonzero((ratios == ratios[0]).all(axis=0) & (under[0] > 0)):
        n, ratio = under[0, cell], ratios[0, cell]
        error = np.hypot.reduce(
            [_standard_error(sums[0, cell, columns.index(part)], n) for part in parts]
        )
        pair = np.stack([sums[0], sums[0]])
        pair[:, cell, columns.index(moves)] += sign * n * _moves(ratio, error, of.scale)
        found.append(pair)
    return found


def _counted(table: Table, of: Ratio) -> list[str]:
    """The columns of the numerator that count some of what the denominator counts.

    None where the ratio is something else than a share, or a difference of shares.
    """
    most = row_models().get(table.header.name, Row).at_most
    told = [one for one in (of.over, of.less) if one is not None and one != of.under]
    parts = [one for one in told if most.get(one) == of.under and _is_whole(table, one)]
    first = of.less if of.over == of.under else of.over
    is_share = of.under_less is None and first in parts and _is_whole(table, of.under)
    return parts if is_share else []


def _is_whole(table: Table, column: str) -> bool:
    return table.columns[column].dtype.kind in "iu"


def _standard_error(successes: float, n: float) -> float:
    share = (successes + 2) / (n + 4)
    return float(np.sqrt(share * (1 - share) / (n + 4)))


def _moves(ratio: float, error: float, scale: str) -> np.ndarray:
    both = np.array([error, -error])
    return ratio * np.expm1(both / ratio) if scale == "log" and ratio > 0 else both
