"""Rows of the table that the stage `toy` writes."""

from collections.abc import Mapping
from typing import ClassVar

from repro.contract.rows.row import Count, Row, Size


class ToyRow(Row):
    """Recovery of planted features by one dictionary, trained or of chance."""

    table: ClassVar[str] = "toy"
    key: ClassVar[tuple[str, ...]] = ("regime", "method", "alpha", "expansion_factor", "seed")
    units: ClassVar[tuple[str, ...]] = ("seed",)
    measured: ClassVar[tuple[str, ...]] = ("nearest_cosine_learned", "squared_error")
    at_most: ClassVar[Mapping[str, str]] = {
        "n_recovered": "n_true",
        "cosine": "n_true",
        "nearest_cosine": "n_true",
        "nearest_cosine_learned": "n_learned",
    }

    regime: str
    """independent (equally likely, unrelated features) or hard (correlated, rare, hierarchical)."""
    method: str
    """sae, random (unit rows of chance) or truth (the true features in another order)."""
    alpha: Size
    """L1 coefficient; 0 where there is no training."""
    expansion_factor: Size
    """Dictionary size over dimension."""
    seed: Count
    """Seed of initialisation and data order."""
    fvu_rank: Count
    """Place of this penalty by held-out FVU, 1 the smallest, among its regime, R and seed."""
    n_true: Count
    """True features."""
    n_learned: Count
    """Rows of the dictionary."""
    cosine: float
    """Sum over true features of the cosine with their one-to-one (Hungarian) partner."""
    n_recovered: Count
    """True features whose partner has cosine at least 0.9."""
    nearest_cosine: float
    """Sum over true features of the largest cosine with any row; over n_true it is MMCS."""
    nearest_cosine_learned: float
    """Sum over rows of the largest cosine with any true feature."""
    active_true: Size
    """True features active at once, on average."""
    n_tokens: Count
    """Held-out vectors."""
    active: Size
    """Sum over vectors of the number of non-zero code entries."""
    squared_error: Size
    """Sum over vectors and coordinates of (x - x_hat)^2, in normalised units."""
    variance: Size
    """Sum over vectors and coordinates of (x - mean)^2."""
