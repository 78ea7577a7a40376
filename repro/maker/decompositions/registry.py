"""Every decomposition by its name: the one place where a method is made."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from repro.errors import ArtifactError
from repro.maker.decompositions import basis, controls, names, random
from repro.maker.decompositions.asked import Asked, SiteFiles
from repro.maker.decompositions.decomposition import Decomposition
from repro.maker.decompositions.fit import Components, read_components, training_rows
from repro.maker.decompositions.saved import knob_of, saved
from repro.maker.dictionaries.model import Dictionary, Transform
from repro.maker.dictionaries.moments import load_transform
from repro.maker.engine.kept import kept

FROZEN_SHARE = 0.5
"""Share of units silenced in the control whose dead units must be counted."""
COPIED_SHARE = 0.1
"""Share of units overwritten by copies in the control whose duplicates must be counted."""
GAIN_ROWS = 2_048
"""Training activations on which the gain of random top-k directions is fitted."""


def decomposition_of(asked: Asked) -> Decomposition:
    """The decomposition that is asked for, with its own centring and scaling.

    Trained ones bring theirs; the others take the site's.

    Raises:
        ArtifactError: a file that it is made of is missing or damaged.
    """
    if asked.file is not None:
        found = saved(asked.file)
        change = CHANGED.get(asked.method)
        return replace(found, dictionary=change(found.dictionary)) if change else found
    knob = knob_of(asked.alpha, asked.k)
    return Decomposition(UNTRAINED[asked.method](asked), transform_of(asked.of), knob)


def transform_of(site: SiteFiles) -> Transform:
    """Centring and scaling of a site."""
    return load_transform(site.transform)


def _components(asked: Asked) -> Components:
    if asked.seed not in asked.of.components:
        raise ArtifactError(
            f"no components of draw {asked.seed} are fitted at the site {asked.of.site!r}",
            expected="a site of the language model, and a draw of train.components.draws",
            mend="ask for another method there, or another site",
        )
    return read_components(asked.of.components[asked.seed])


def _ica(asked: Asked) -> Dictionary:
    found = _components(asked)
    if found.ica_read is None or found.ica_write is None:
        raise ArtifactError(
            f"{asked.of.components[asked.seed]} holds no independent components",
            expected=f"{asked.of.site} in train.ica.sites",
            mend="dvc repro train",
        )
    read = found.ica_read
    return Dictionary(read, torch.zeros(len(read)), found.ica_write, "linear", len(read))


def _random(asked: Asked) -> Dictionary:
    rows = random.random_dictionary(asked.of.d_in, _d_sae(asked), asked.seed)
    return Dictionary(rows, torch.zeros(len(rows)), rows, "relu", 0)


def _random_topk(asked: Asked) -> Dictionary:
    sample = training_sample(asked.of, GAIN_ROWS)
    return random.random_topk(asked.of.d_in, _d_sae(asked), asked.k, asked.seed, sample)


def _mean_difference(asked: Asked) -> Dictionary:
    if asked.names is None:
        raise ArtifactError(
            "no activations of names are at hand",
            expected="a task with names",
            mend="ask for another method there",
        )
    by_name = load_file(asked.names)[asked.of.site]
    flat = transform_of(asked.of).forward(by_name.flatten(0, 1))
    return names.mean_differences(flat.unflatten(0, by_name.shape[:2]))


def _d_sae(asked: Asked) -> int:
    return round(asked.expansion_factor * asked.of.d_in)


def training_sample(site: SiteFiles, count: int) -> Tensor:
    """At most `count` training activations at even steps, transformed."""
    return _sample(site.store, site.transform, site.manifest, count)


@kept()
def _sample(store: Path, transform: Path, _manifest: str, count: int) -> Tensor:
    return training_rows(store, load_transform(transform), count)


CHANGED: Mapping[str, Callable[[Dictionary], Dictionary]] = {
    "sae_frozen_dead": lambda d: controls.with_frozen_units(d, FROZEN_SHARE),
    "sae_duplicated": lambda d: controls.with_copied_units(d, COPIED_SHARE),
}
"""Controls made of a trained dictionary."""

UNTRAINED: Mapping[str, Callable[[Asked], Dictionary]] = {
    "pca": lambda a: basis.rotation(_components(a).pca),
    "pca_signed": lambda a: basis.both_signs(_components(a).pca),
    "pca_topk": lambda a: basis.signed_topk(_components(a).pca, a.k),
    "pca_static": lambda a: basis.static(_components(a).pca, a.k),
    "ica": _ica,
    "ica_signed": lambda a: basis.both_ways(_ica(a)),
    "ica_topk": lambda a: basis.largest_ways(_ica(a), a.k),
    "neurons": lambda a: basis.rotation(basis.neurons(a.of.d_in)),
    "neurons_signed": lambda a: basis.both_signs(basis.neurons(a.of.d_in)),
    "neurons_topk": lambda a: basis.signed_topk(basis.neurons(a.of.d_in), a.k),
    "random": _random,
    "random_topk": _random_topk,
    "random_signed": lambda a: basis.both_signs(random.random_orthogonal(a.of.d_in, a.seed)),
    "random_orthogonal": lambda a: basis.rotation(random.random_orthogonal(a.of.d_in, a.seed)),
    "mean_difference": _mean_difference,
}
"""Decompositions that need no gradient, at any site."""
