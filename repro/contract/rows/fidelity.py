"""Rows of the tables that the stage `fidelity` writes."""

from typing import ClassVar

from repro.contract.rows.row import DictionaryKey, Row


class FidelityRow(DictionaryKey):
    """Reconstruction of one held-out document by one dictionary (sums over its tokens)."""

    table: ClassVar[str] = "fidelity"

    document: int
    """Held-out document, the unit that intervals resample together with the seed."""
    n_tokens: int
    """Tokens scored (attention sinks are left out)."""
    active: float
    """Sum over tokens of the number of non-zero code entries; over n_tokens it is L0."""
    code_l1: float
    """Sum over tokens of the L1 norm of the code."""
    squared_error: float
    """Sum over tokens and coordinates of (x - x_hat)^2, in normalised activation units."""
    variance: float
    """Sum over tokens and coordinates of (x - mean)^2; squared_error / variance is FVU."""
    squared_error_normalised: float
    """The same error with each coordinate divided by its own variance."""
    variance_normalised: float
    """The same variance with each coordinate divided by its own variance."""
    x_dot_reconstruction: float
    """Sum over tokens of <x, x_hat>."""
    reconstruction_dot_reconstruction: float
    """Sum over tokens of <x_hat, x_hat>; the ratio of the two is the shrinkage, 1 for none."""


class RefitRow(DictionaryKey):
    """The same document after the active code entries were refitted by least squares."""

    table: ClassVar[str] = "refit"

    document: int
    """Held-out document."""
    n_tokens: int
    """Tokens in the refit sample."""
    squared_error_before: float
    """Sum of squared errors of the dictionary's own codes on the sample."""
    squared_error_after: float
    """Sum of squared errors with the same active set and least-squares codes."""


class DictionaryRow(DictionaryKey):
    """The units of one dictionary, counted on the held-out tokens."""

    table: ClassVar[str] = "dictionaries"

    n_tokens: int
    """Held-out tokens over which firings were counted."""
    n_features: int
    """Dictionary size."""
    n_alive: int
    """Features with more than 10 non-zero activations (the paper's rule)."""
    n_silent: int
    """Features with no activation at all."""
    n_dense: int
    """Features active on more than a tenth of the tokens."""
    n_frequent: int
    """Features active on at least a hundredth of the tokens."""
    n_effective: int
    """Features whose removal costs at least a tenth of an even share of the variance explained."""
    n_duplicated: int
    """Alive features with another alive feature at decoder cosine above 0.9."""
    n_duplicated_null: int
    """The same count in a random unit dictionary with as many features as are alive here."""
    n_pairs: int
    """Pairs of alive features."""
    n_duplicate_pairs: int
    """Pairs of alive features at decoder cosine above 0.9."""


class AgreementRow(Row):
    """One-to-one (Hungarian) matching of the alive features of two seeds of one setting."""

    table: ClassVar[str] = "agreement"

    site: str
    """Role of the site."""
    method: str
    """sae, sae_untied, random (two of chance) or permuted (a dictionary and its permutation)."""
    alpha: float
    """L1 coefficient."""
    expansion_factor: float
    """Dictionary size over dimension."""
    seed_a: int
    """First seed."""
    seed_b: int
    """Second seed."""
    n_features: int
    """Features that could be matched: the smaller number of alive ones."""
    n_matched: int
    """Features whose matched partner has cosine at least 0.7."""
    cosine: float
    """Sum over matched pairs of their cosine."""


class SplicedRow(DictionaryKey):
    """Next-token loss of one document with the activations replaced by their reconstruction."""

    table: ClassVar[str] = "spliced"

    document: int
    """Held-out document."""
    n_predictions: int
    """Predicted tokens, the same for every column of losses."""
    loss_clean: float
    """Sum of cross-entropies of the untouched model, in nats."""
    loss_spliced: float
    """Sum of cross-entropies with x replaced by x_hat, in nats."""
    loss_zero: float
    """Sum of cross-entropies with x replaced by zero, in nats."""
    loss_mean: float
    """Sum of cross-entropies with x replaced by the training mean, in nats."""
