"""The words that tables and claims share: names of methods, and tables that are to come."""

from collections.abc import Mapping

from repro.contract.rows import stage_of

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

PLANNED: Mapping[str, str] = {
    "interpret": "interpret",
    "features": "features",
    "steer": "steer",
    "erase": "erase",
    "ratings": "rate",
}
"""Tables that claims wait for and no stage writes yet, and which stage will."""


def awaited(table: str) -> str:
    """The stage that writes a table, or will: where a table is absent, the one to wait for."""
    return PLANNED.get(table) or stage_of(table)
