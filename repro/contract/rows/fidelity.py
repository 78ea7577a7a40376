"""Rows of the tables that the stage `fidelity` writes."""

from collections.abc import Mapping
from typing import ClassVar

from repro.contract.rows.row import DICTIONARY, Count, DictionaryKey, Row, Size


class FidelityRow(DictionaryKey):
    """Reconstruction of one held-out document by one dictionary (sums over its tokens)."""

    table: ClassVar[str] = "fidelity"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "document")
    units: ClassVar[tuple[str, ...]] = ("seed", "document")
    measured: ClassVar[tuple[str, ...]] = ("squared_error", "code_l1")

    document: Count
    """Held-out document, the unit that intervals resample together with the seed."""
    n_tokens: Count
    """Tokens scored (attention sinks are left out)."""
    active: Size
    """Sum over tokens of the number of non-zero code entries; over n_tokens it is L0."""
    code_l1: Size
    """Sum over tokens of the L1 norm of the code."""
    squared_error: Size
    """Sum over tokens and coordinates of (x - x_hat)^2, in normalised activation units."""
    variance: Size
    """Sum over tokens and coordinates of (x - mean)^2; squared_error / variance is FVU."""
    squared_error_normalised: Size
    """The same error with each coordinate divided by its own variance."""
    variance_normalised: Size
    """The same variance with each coordinate divided by its own variance."""
    x_dot_reconstruction: float
    """Sum over tokens of <x, x_hat>."""
    reconstruction_dot_reconstruction: Size
    """Sum over tokens of <x_hat, x_hat>; the ratio of the two is the shrinkage, 1 for none."""


class RefitRow(DictionaryKey):
    """The same document after the active code entries were refitted by least squares."""

    table: ClassVar[str] = "refit"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "document")
    units: ClassVar[tuple[str, ...]] = ("seed", "document")
    measured: ClassVar[tuple[str, ...]] = ("squared_error_before", "squared_error_after")
    at_most: ClassVar[Mapping[str, str]] = {"squared_error_after": "squared_error_before"}

    document: Count
    """Held-out document."""
    n_tokens: Count
    """Tokens in the refit sample."""
    squared_error_before: Size
    """Sum of squared errors of the dictionary's own codes on the sample."""
    squared_error_after: Size
    """Sum of squared errors with the same active set and least-squares codes."""


class DictionaryRow(DictionaryKey):
    """The units of one dictionary, counted on the held-out tokens."""

    table: ClassVar[str] = "dictionaries"
    key: ClassVar[tuple[str, ...]] = DICTIONARY
    units: ClassVar[tuple[str, ...]] = ("seed",)
    measured: ClassVar[tuple[str, ...]] = ("n_dense", "n_frequent", "n_effective", "n_duplicated")
    at_most: ClassVar[Mapping[str, str]] = {
        "n_alive": "n_features",
        "n_silent": "n_features",
        "n_dense": "n_frequent",
        "n_frequent": "n_features",
        "n_effective": "n_features",
        "n_duplicated": "n_alive",
        "n_duplicated_null": "n_alive",
        "n_duplicate_pairs": "n_pairs",
    }

    n_tokens: Count
    """Held-out tokens over which firings were counted."""
    n_features: Count
    """Dictionary size."""
    n_alive: Count
    """Features with more than 10 non-zero activations (the paper's rule)."""
    n_silent: Count
    """Features with no activation at all."""
    n_dense: Count
    """Features active on more than a tenth of the tokens."""
    n_frequent: Count
    """Features active on at least a hundredth of the tokens."""
    n_effective: Count
    """Features whose removal costs at least a tenth of an even share of the variance explained."""
    n_duplicated: Count
    """Alive features with another alive feature at decoder cosine above 0.9."""
    n_duplicated_null: Count
    """The same count in a random unit dictionary with as many features as are alive here."""
    n_pairs: Count
    """Pairs of alive features."""
    n_duplicate_pairs: Count
    """Pairs of alive features at decoder cosine above 0.9."""


class AgreementRow(Row):
    """One-to-one (Hungarian) matching of the alive features of two seeds of one setting."""

    table: ClassVar[str] = "agreement"
    key: ClassVar[tuple[str, ...]] = (
        "site",
        "method",
        "alpha",
        "expansion_factor",
        "seed_a",
        "seed_b",
    )
    at_most: ClassVar[Mapping[str, str]] = {"n_matched": "n_features", "cosine": "n_features"}

    site: str
    """Role of the site."""
    method: str
    """sae, sae_untied, random (two of chance) or permuted (a dictionary and its permutation)."""
    alpha: Size
    """L1 coefficient."""
    expansion_factor: Size
    """Dictionary size over dimension."""
    seed_a: Count
    """First seed."""
    seed_b: Count
    """Second seed."""
    n_features: Count
    """Features that could be matched: the smaller number of alive ones."""
    n_matched: Count
    """Features whose matched partner has cosine at least 0.7."""
    cosine: float
    """Sum over matched pairs of their cosine."""


class SplicedRow(DictionaryKey):
    """Next-token loss of one document with the activations replaced by their reconstruction."""

    table: ClassVar[str] = "spliced"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "document")
    units: ClassVar[tuple[str, ...]] = ("seed", "document")
    measured: ClassVar[tuple[str, ...]] = ("loss_spliced",)

    document: Count
    """Held-out document."""
    n_predictions: Count
    """Predicted tokens, the same for every column of losses."""
    loss_clean: Size
    """Sum of cross-entropies of the untouched model, in nats."""
    loss_spliced: Size
    """Sum of cross-entropies with x replaced by x_hat, in nats."""
    loss_zero: Size
    """Sum of cross-entropies with x replaced by zero, in nats."""
    loss_mean: Size
    """Sum of cross-entropies with x replaced by the training mean, in nats."""
