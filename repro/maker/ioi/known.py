"""The instrument on planted truth: a linear read-out whose causes are known.

    x = sum_j c_j g_j        logits = x W

with orthonormal features g, of which just `CAUSES` are read by W. Clean and counterfactual differ
in every feature. The basis of the g must be found to need those few and no others, and a rotation
of it many more: that is what localisation means.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from repro.maker.decompositions.basis import both_signs
from repro.maker.decompositions.decomposition import Decomposition, Knob
from repro.maker.decompositions.random import random_orthogonal
from repro.maker.dictionaries.model import Transform, tied
from repro.maker.ioi.patch import Task

DIMENSION, WORDS, PAIRS, CAUSES = 64, 16, 24, 3


def features(seed: int) -> Float[Tensor, "features d_in"]:
    """The true features; the first `CAUSES` of them are the causes."""
    return random_orthogonal(DIMENSION, seed)


def planted_task(seed: int, split: int) -> Task:
    """Pairs of activations with known causes, one token each."""
    true = features(seed)
    generator = torch.Generator().manual_seed(1000 * seed + split)
    read = torch.zeros(DIMENSION, WORDS)
    weights = torch.Generator().manual_seed(seed)
    read[:CAUSES] = 2 * torch.randn(CAUSES, WORDS, generator=weights)
    readout = true.T @ read

    def draw() -> Float[Tensor, "pairs 1 d_in"]:
        codes = torch.rand(PAIRS, DIMENSION, generator=generator)
        return (codes @ true)[:, None]

    clean, counterfactual = draw(), draw()
    clean_logits, counterfactual_logits = (x[:, 0] @ readout for x in (clean, counterfactual))
    names = torch.stack([clean_logits.argmax(1), counterfactual_logits.argmax(1)], dim=1)
    return Task(
        clean=clean,
        counterfactual=counterfactual,
        changed=torch.ones(PAIRS, 1, dtype=torch.bool),
        names=names,
        clean_logits=clean_logits,
        counterfactual_logits=counterfactual_logits,
        readout=lambda x, _: x[:, 0] @ readout,
        batch=PAIRS,
    )


def bases(seed: int) -> dict[str, Decomposition]:
    """The dictionary that holds the causes, and a rotation of it; neither centred nor scaled."""
    plain = Transform(torch.zeros(DIMENSION), 1.0)
    dictionaries = {
        "planted": tied(features(seed), torch.zeros(DIMENSION)),
        "planted_rotated": both_signs(random_orthogonal(DIMENSION, seed + 500)),
    }
    return {
        name: Decomposition(one, plain, Knob("none", 0.0)) for name, one in dictionaries.items()
    }
