"""The words that tables and claims share: every value that a column of names may hold."""

from collections.abc import Mapping
from typing import NamedTuple

from repro.contract.rows import row_models, stage_of

SITES: Mapping[str, str] = {
    "early": "an early hook point",
    "middle": "the middle hook point",
    "late": "a late hook point",
    "planted": "a linear read-out of known causes",
    "planted_width": "planted features, for widths",
    "planted_knee": "planted features, as many active in each vector",
}
"""Roles of sites."""

METHODS: Mapping[str, str] = {
    "sae": "the paper's autoencoder: tied, unit rows, L1",
    "sae_standard": "an autoencoder with an encoder of its own and a decoder bias, L1",
    "sae_random_decoder": "a trained encoder beside a frozen random decoder",
    "sae_frozen_dead": "a trained dictionary of which half the units are silenced",
    "sae_duplicated": "a trained dictionary of which a tenth of the units are copies",
    "sae_reinitialised_model": "the paper's autoencoder on a language model of chance",
    "sae_shuffled_tokens": "the paper's autoencoder, its tokens exchanged",
    "topk": "an autoencoder that keeps the k largest codes",
    "saelens_standard": "SAELens's standard trainer",
    "saelens_topk": "SAELens's TopK trainer",
    "pca": "principal components, signed",
    "pca_signed": "principal components, both signs",
    "pca_topk": "principal components, both signs, the k largest codes of each token",
    "pca_static": "the first k principal components",
    "ica": "independent components",
    "neurons": "coordinates of the activations",
    "neurons_topk": "coordinates, both signs, the k largest codes of each token",
    "mean_difference": "difference of means",
    "random": "a dictionary of chance",
    "random_topk": "directions of chance, the k largest codes of each token",
    "random_orthogonal": "an orthonormal basis of chance",
    "random_direction": "one direction of chance",
    "random_feature": "one feature at random",
    "random_edit": "an edit of chance, as long as another",
    "permuted": "a dictionary and its own permutation",
    "truth": "the planted features",
    "planted": "the basis in which something was planted",
    "planted_rotated": "a rotation of that basis",
    "probe": "a linear probe",
    "leace": "least-squares concept erasure",
    "clean": "the untouched language model",
    "identity": "nothing changed",
    "full_residual": "everything exchanged",
    "zero": "zeros",
    "mean": "the mean activation",
}
"""Ways of taking activations apart, and what stands beside them."""

VALUES: Mapping[str, frozenset[str]] = {
    "site": frozenset(SITES),
    "method": frozenset(METHODS),
    "matched": frozenset({*METHODS, ""}),
    "family": frozenset({"io", "swapped", "all"}),
    "selection": frozenset({"attribution", "elimination", "greedy", "none"}),
    "regime": frozenset({"independent", "hard"}),
    "split": frozenset({"select", "heldout"}),
    "variant": frozenset({"top", "random_only", "top_and_random"}),
    "target": frozenset({"apostrophe", "closing_parenthesis", "first_letter", "random_sample"}),
    "ablated": frozenset({"parents", "random_active"}),
}
"""What a column of that name may hold, in whatever table."""


class Planned(NamedTuple):
    """A table that claims wait for and no stage writes yet."""

    stage: str
    """The stage that will write it."""
    columns: frozenset[str]
    """Columns that claims name."""


PLANNED: Mapping[str, Planned] = {
    "interpret": Planned("interpret", frozenset({
        "layer", "layer_shuffled", "method", "n", "score", "score_best_plain", "score_best_topk",
        "seed", "site", "text_block", "variant",
    })),
    "features": Planned("features", frozenset({
        "ablated", "activation", "activation_ablated", "activation_on_target", "document",
        "feature", "letter", "method", "n", "n_absorbed", "n_expected_falls_most",
        "n_fired_on_target", "n_parent_expected", "n_target", "seed", "target",
    })),
    "steer": Planned("steer", frozenset({
        "feature", "log_odds_shift", "loss_allowed", "loss_steered", "method", "n", "n_tokens",
        "n_with_keyword", "prompt",
    })),
    "erase": Planned("erase", frozenset({
        "document", "kl", "method", "n_prompts", "n_tokens", "score_lost", "seed",
    })),
    "ratings": Planned("rate", frozenset({
        "feature", "is_catch_item", "is_right", "method", "n", "rater", "rating",
    })),
    "objectives": Planned("objectives", frozenset({
        "active", "alpha", "document", "k", "method", "n_tokens",
        "reconstruction_dot_reconstruction", "seed", "site", "squared_error", "variance",
        "width", "x_dot_reconstruction",
    })),
}  # fmt: skip
"""Tables to come, by name; a misspelt column is told as soon as a claim loads."""


def awaited(table: str) -> str:
    """The stage that writes a table, or will: where a table is absent, the one to wait for."""
    return PLANNED[table].stage if table in PLANNED else stage_of(table)


def columns_of(table: str) -> frozenset[str]:
    """Columns of a table, written or planned; none of an unknown one."""
    model = row_models().get(table)
    if model:
        return frozenset(model.model_fields)
    return PLANNED[table].columns if table in PLANNED else frozenset()


def tables() -> frozenset[str]:
    """Names of all tables, written or planned."""
    return frozenset({*row_models(), *PLANNED})
