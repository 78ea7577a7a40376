"""How every series looks and what it is called: one look a method, the same in all figures."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from repro.report.figures.style import BLUE, GREEN, GREY, PURPLE, SKY, VERMILLION


class Look(NamedTuple):
    """How a series is told apart: by colour, marker and dash, and never by colour alone."""

    label: str
    colour: str
    marker: str = ""
    dash: str = "-"
    knob: Literal["alpha", "k"] = "k"
    """Column whose values trace its curve: the penalty `alpha`, or the number `k` of codes kept."""

    @property
    def stroke(self) -> dict[str, Any]:
        """Colour and dash, as matplotlib takes them: a line without its points."""
        return {"color": self.colour, "linestyle": self.dash}

    @property
    def pointed(self) -> dict[str, Any]:
        """Colour, dash and marker, as matplotlib takes them."""
        return {**self.stroke, "marker": self.marker}


METHODS: Mapping[str, Look] = {
    "sae": Look("sparse autoencoder", VERMILLION, "o", knob="alpha"),
    "sae_untied": Look("SAE, untied", VERMILLION, "d", "-.", knob="alpha"),
    "sae_standard": Look("ours, own encoder and bias", PURPLE, "p", ":", knob="alpha"),
    "sae_random_decoder": Look("SAE, frozen random decoder", PURPLE, "D", "--"),
    "sae_reinitialised_model": Look("SAE, re-initialised model", SKY, "o", ":"),
    "sae_step0_model": Look("SAE, re-initialised blocks", SKY, "d", ":"),
    "saelens_standard": Look("SAELens, L1", GREEN, "P", knob="alpha"),
    "saelens_topk": Look("SAELens, TopK", SKY, "X", "-."),
    "pca_topk": Look("PCA, top k per token", BLUE, "s"),
    "pca_static": Look("PCA, first k", SKY, "^", "--"),
    "pca": Look("PCA", BLUE, "h"),
    "pca_signed": Look("PCA, both signs", BLUE, "h", "--"),
    "ica": Look("ICA", GREEN, "8"),
    "ica_signed": Look("ICA, both signs", GREEN, "8", "--"),
    "ica_topk": Look("ICA, top k", GREEN, "s", ":"),
    "neurons_signed": Look("neurons, both signs", PURPLE, "v", "--"),
    "neurons_topk": Look("neurons, top k", GREEN, "v", "-."),
    "neurons": Look("neurons", PURPLE, "v"),
    "sae_likest": Look("SAE, likest the difference", VERMILLION, "d", ":"),
    "leace": Look("LEACE", BLUE, "P", "-."),
    "random_feature": Look("SAE, random feature", GREY, "d", ":"),
    "mean_difference": Look("difference of means", SKY, "*", "--"),
    "random_orthogonal": Look("random orthogonal", GREY, "+"),
    "random_signed": Look("random, both signs", GREY, "+", "--"),
    "random_topk": Look("random directions, top k", GREY, "x", ":"),
    "random": Look("random dictionary", GREY, "x", "--"),
    "random_direction": Look("random direction", GREY, "2"),
    "planted": Look("planted", SKY, "P"),
    "prompted": Look("a request in words", GREEN, "^"),
    "random_edit": Look("random edit, equal norm", GREY, "1"),
    "permuted": Look("a dictionary with itself", PURPLE, "D"),
    "truth": Look("the true features", PURPLE, "", ":"),
}
"""By the name in the column `method`."""
OURS = ("sae", "sae_untied")
"""The paper's autoencoder, without which no figure is drawn."""
COMPARED = (
    "sae",
    "sae_untied",
    "sae_random_decoder",
    "pca_topk",
    "pca_static",
    "neurons_topk",
    "random_topk",
)
"""Of the trade-off, in the order of the legend."""
TRAINERS = ("sae", "sae_untied", "sae_standard", "saelens_standard", "saelens_topk", "pca_topk")
"""The trained dictionaries beside those of the field's own trainer."""
LOCALISED = (
    "sae",
    "sae_untied",
    "sae_random_decoder",
    "pca",
    "pca_signed",
    "ica",
    "neurons",
    "mean_difference",
    "random_orthogonal",
    "random_topk",
    "random",
)
"""Of localisation, in the order of the legend."""
SCORED = (
    "sae",
    "sae_untied",
    "sae_random_decoder",
    "ica",
    "ica_signed",
    "ica_topk",
    "pca",
    "pca_signed",
    "pca_topk",
    "neurons_signed",
    "neurons_topk",
    "random_signed",
    "random_topk",
    "sae_reinitialised_model",
    "sae_step0_model",
)
"""Of interpretability, from top to bottom."""
SEARCHED = (
    "sae",
    "sae_untied",
    "sae_random_decoder",
    "ica_signed",
    "pca_signed",
    "neurons_signed",
    "random_signed",
)
"""Of the search for single-meaning features, from top to bottom."""
ABLATED = (*SEARCHED, "random_direction", "planted")
"""Of ablation, from top to bottom."""
ERASED = ("sae", "sae_likest", "leace", "mean_difference", "neurons_signed", "random_feature")
"""Of erasure, in the order of the legend."""
PUSHED = (
    "sae",
    "mean_difference",
    "pca_signed",
    "neurons_signed",
    "random_direction",
    "prompted",
    "planted",
)
"""Of steering, from top to bottom."""
UNIT_SCORES = (
    "sae",
    "sae_untied",
    "sae_random_decoder",
    "ica_topk",
    "pca_topk",
    "neurons_signed",
    "random_signed",
)
"""Of interpretability, where every unit is a dot or every budget a point."""
UNPENALISED = Look("sparse autoencoder, α = 0", VERMILLION, "o", "--", knob="alpha")
"""The rows of "sae" without a penalty, where they stand beside the others."""
BY_R: Mapping[float, Look] = {
    0.5: Look("R = 0.5", GREY, "x", ":"),
    1.0: Look("R = 1", SKY, "^", "--"),
    2.0: Look("R = 2", VERMILLION, "o"),
    4.0: Look("R = 4", BLUE, "s", "-."),
}
"""By the column `expansion_factor`, where a figure shows the autoencoder alone."""
NEAREST = Look("the same, nearest (MMCS)", SKY, "s")
"""A second measure of the autoencoder, beside one that has its own look."""
LEVELS: Mapping[str, Look] = {
    "zero": Look("zero ablation", GREY, "", "--"),
    "mean": Look("mean ablation", GREY, "", ":"),
    "clean": Look("nothing patched", GREY, "", ":"),
    "one": Look("no shrinkage", GREY, "", ":"),
}
"""Heights that belong to no method, drawn right across."""


def look_of_r(r: float) -> Look:
    """The look of an expansion factor; one that is usually not drawn is green."""
    return BY_R.get(r, Look(f"R = {r:g}", GREEN, "v"))
