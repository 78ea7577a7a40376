"""The words that tables and claims share: tables and their columns, and what columns may hold.

The maker writes these words and never imports them from here, so that a new one re-runs no stage;
tests hold what it writes to this list.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from repro.contract.rows import row_models, stage_of

SITES: Mapping[str, str] = {
    "early": "residual stream after an early block",
    "middle": "residual stream after a middle block",
    "late": "residual stream after a late block",
    "early_mlp": "MLP of the early block",
    "middle_mlp": "MLP of the middle block",
    "late_mlp": "MLP of the late block",
    "early_reinitialised": "early, in the model with all weights re-initialised",
    "middle_reinitialised": "middle, in the model with all weights re-initialised",
    "early_step0": "early, in the model with all but the token embeddings re-initialised",
    "middle_step0": "middle, in the model with all but the token embeddings re-initialised",
    "planted": "a linear read-out of known causes",
    "planted_width": "as many planted features as dimensions",
    "planted_knee": "planted features, as many of them active in each vector",
}
"""Roles of sites."""

METHODS: Mapping[str, str] = {
    "sae": "the paper's autoencoder: tied encoder, unit rows, L1 (equations 1 to 4)",
    "sae_untied": "the paper's autoencoder with an encoder of its own, for MLPs (equations 5, 6)",
    "sae_standard": "an autoencoder with an encoder of its own and a decoder bias, L1",
    "sae_random_decoder": "a trained encoder beside a frozen random decoder",
    "sae_likest": "the feature of the paper's autoencoder that is most like a difference of means",
    "sae_frozen_dead": "a trained dictionary, half of its units silenced",
    "sae_duplicated": "a trained dictionary, a tenth of its units overwritten by copies",
    "sae_reinitialised_model": "the paper's autoencoder, on a re-initialised language model",
    "sae_step0_model": "the paper's autoencoder, on a model re-initialised but for embeddings",
    "sae_shuffled_tokens": "the paper's autoencoder, tokens shuffled",
    "topk": "an autoencoder that keeps the k largest codes, without a penalty",
    "saelens_standard": "SAELens's own trainer, L1",
    "saelens_topk": "SAELens's own trainer, k largest codes",
    "pca": "principal components, one direction each",
    "pca_signed": "principal components, both directions",
    "pca_topk": "principal components, both directions, k largest codes of each token",
    "pca_static": "the first k principal components",
    "ica": "independent components",
    "ica_signed": "independent components, both directions",
    "ica_topk": "independent components, both directions, k largest codes of each token",
    "neurons": "coordinates of the activations, one direction each",
    "neurons_signed": "coordinates of the activations, both directions",
    "neurons_topk": "coordinates, both directions, k largest codes of each token",
    "mean_difference": "differences of mean activations",
    "leace": "least-squares concept erasure",
    "probe": "a linear probe",
    "random": "random unit rows",
    "random_topk": "random unit rows, k largest codes of each token",
    "random_orthogonal": "a random rotation",
    "random_signed": "a random rotation, both directions",
    "random_direction": "one random direction",
    "prompted": "no edit, but a request in words before the prompt",
    "random_feature": "one feature, taken at random",
    "random_edit": "a random edit, as long as that of another method",
    "permuted": "a dictionary beside its own permutation",
    "truth": "the planted features themselves",
    "planted": "the basis in which something was planted",
    "planted_rotated": "a rotation of that basis",
    "planted_clean": "planted in the same way, without what is looked for",
    "clean": "the untouched language model",
    "identity": "nothing changed",
    "full_residual": "all activations at the hook point exchanged",
    "zero": "zeros in place of activations",
    "mean": "the mean activation in place of each",
}
"""Ways of taking activations apart, and what stands beside them."""

ONE_SEED = frozenset(
    {
        *("neurons", "neurons_signed", "neurons_topk", "mean_difference", "leace"),
        *("clean", "identity", "full_residual", "zero", "mean"),
        *("planted", "planted_rotated", "planted_clean", "saelens_standard", "saelens_topk"),
    }
)
"""Methods of which there is one: without randomness, or the reference of another trainer."""

IS_SO = frozenset({0, 1})
VALUES: Mapping[str, frozenset[str | int]] = {
    "site": frozenset(SITES),
    "method": frozenset(METHODS),
    "matched": frozenset({*METHODS, ""}),
    "corruption": frozenset({"io", "swapped", "all"}),
    "selection": frozenset({"attribution", "elimination", "greedy", "none"}),
    "split": frozenset({"select", "heldout"}),
    "position": frozenset({"io", "s1", "s2", "end", "other"}),
    "regime": frozenset({"independent", "hard"}),
    "variant": frozenset({"top_and_random", "top_only", "random_only", "unconditional"}),
    "sampled": frozenset({"effective", "alive"}),
    "rate": frozenset({"own", "matched"}),
    "scorer": frozenset({"rules", "embedding", "simulation", "detection", "fuzzing", "intruder"}),
    "target": frozenset(
        {
            *("apostrophe", "closing_parenthesis", "opening_parenthesis", "opening_quote", "comma"),
            *("full_stop", "newline", "digits", "capitalised_word", "dash", "the", "and"),
            *("suffix_ing", "suffix_ed", "first_letter"),
        }
    ),
    "chosen": frozenset({"random", "best"}),
    "calibration": frozenset({"norm", "loss"}),
    "lost": frozenset({"once", "quarter", "half", "three_quarters"}),
    "task": frozenset({"gender", "pronoun"}),
    "ablated": frozenset({"parents", "random_active"}),
    "correct": IS_SO,
    "carries": IS_SO,
    "is_reached": IS_SO,
    "is_catch_item": IS_SO,
    "is_effective": IS_SO,
    "is_alive": IS_SO,
    "is_scored": IS_SO,
    "is_scored_shuffled": IS_SO,
    "is_right": IS_SO,
    "is_on_target": IS_SO,
}
"""Columns with a closed set of values, in whatever table; the others may hold anything."""


class Planned(NamedTuple):
    """A table that claims wait for and no stage writes yet."""

    stage: str
    """The stage that will write it."""
    columns: frozenset[str]
    """Columns that claims name."""


PLANNED: Mapping[str, Planned] = {
    "objectives": Planned("objectives", frozenset({
        "active", "alpha", "document", "expansion_factor", "k", "method", "n_tokens",
        "reconstruction_dot_reconstruction", "seed", "site", "squared_error", "variance",
        "x_dot_reconstruction",
    })),
}  # fmt: skip
"""Tables to come, by name; one that has a row model leaves this list."""


BY_PEOPLE = frozenset({"ratings"})
"""Tables that people fill, by `repro rate`: no run of the pipeline has them."""


def made() -> tuple[str, ...]:
    """Names of the tables that a run of the pipeline makes."""
    return tuple(name for name in row_models() if name not in BY_PEOPLE)


@cache
def tables() -> frozenset[str]:
    """Names of all tables, written or planned."""
    return frozenset({*row_models(), *PLANNED})


def columns_of(table: str) -> frozenset[str]:
    """Columns of a table, written or planned; none of an unknown one."""
    model = row_models().get(table)
    if model:
        return frozenset(model.model_fields)
    return PLANNED[table].columns if table in PLANNED else frozenset()


def awaited(table: str) -> str:
    """The stage that writes a table, or will: where a table is absent, the one to wait for."""
    return PLANNED[table].stage if table in PLANNED else stage_of(table)
