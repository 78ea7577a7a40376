"""Every autoencoder by its name: the one place where the engine learns of one."""

from collections.abc import Mapping

from repro.maker.dictionaries.architectures import (
    sae,
    sae_random_decoder,
    sae_standard,
    sae_untied,
)
from repro.maker.dictionaries.architectures.architecture import Architecture
from repro.maker.dictionaries.recipe import Recipe

ARCHITECTURES: Mapping[str, Architecture] = {
    "sae": sae.ARCHITECTURE,
    "sae_untied": sae_untied.ARCHITECTURE,
    "sae_standard": sae_standard.ARCHITECTURE,
    "sae_random_decoder": sae_random_decoder.ARCHITECTURE,
}
"""By the value of `method` in params."""


def architecture_of(recipe: Recipe) -> Architecture:
    """The autoencoder of a recipe; the paper's is the untied one where `tied` is off."""
    method = "sae_untied" if recipe.method == "sae" and not recipe.tied else recipe.method
    return ARCHITECTURES[method]
