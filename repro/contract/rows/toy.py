"""Rows of the table that the stage `toy` writes."""

from typing import ClassVar

from repro.contract.rows.row import Row


class ToyRow(Row):
    """Recovery of planted features by one dictionary, trained or of chance."""

    table: ClassVar[str] = "toy"

    regime: str
    """independent (equally likely, unrelated features) or hard (correlated, rare, hierarchical)."""
    method: str
    """sae, random (unit rows of chance) or truth (the true features in another order)."""
    alpha: float
    """L1 coefficient; 0 where there is no training."""
    expansion_factor: float
    """Dictionary size over dimension."""
    seed: int
    """Seed of initialisation and data order."""
    fvu_rank: int
    """Place of this penalty by held-out FVU, 1 the smallest, among its regime, R and seed."""
    n_true: int
    """True features."""
    n_learned: int
    """Rows of the dictionary."""
    cosine: float
    """Sum over true features of the cosine with their one-to-one (Hungarian) partner."""
    n_recovered: int
    """True features whose partner has cosine at least 0.9."""
    nearest_cosine: float
    """Sum over true features of the largest cosine with any row; over n_true it is MMCS."""
    nearest_cosine_learned: float
    """Sum over rows of the largest cosine with any true feature."""
    active_true: float
    """True features active at once, on average."""
    n_tokens: int
    """Held-out vectors."""
    active: float
    """Sum over vectors of the number of non-zero code entries."""
    squared_error: float
    """Sum over vectors and coordinates of (x - x_hat)^2, in normalised units."""
    variance: float
    """Sum over vectors and coordinates of (x - mean)^2."""
