"""Absorption: a letter's latents are silent where a latent of the single word fires in their place.

After Chanin et al. 2024 (arXiv 2409.14507), with the criterion by projection of SAEBench. On the
activation z of a word that begins with a letter, and with p the unit direction of a linear probe
for that letter,

    <z, p> = sum over latents of c_j <f_j, p>  +  what the dictionary leaves out

A letter's own latents are found on one half of the words: the one that tells the letter best (F1
of "it fires"), and others as long as F1 of "any fires" rises enough (feature splitting). On the
other half a word is *absorbed* where the probe reads its letter, none of these fires, and one other
latent

    has  cos(f_j, p) >= least_cosine   and   c_j <f_j, p> >= least_share <z, p>.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

MOST_OWN = 5
"""Latents of its own that a letter has at most."""


class Rule(NamedTuple):
    """From what on a latent is a letter's own, and another absorbs."""

    split_gain: float
    """Rise of F1 from which another latent is the letter's own."""
    least_cosine: float
    """Cosine with the probe's direction."""
    least_share: float
    """Part of the probe's projection."""


class Words(NamedTuple):
    """Words before one dictionary."""

    z: Float[Tensor, "word d_in"]
    """Activations at the words, centred and scaled."""
    codes: Float[Tensor, "word d_sae"]
    """Their codes."""
    features: Float[Tensor, "d_sae d_in"]
    """Rows of the dictionary, in units of z."""


class Missed(NamedTuple):
    """What becomes of the words of a letter; each is among those of the one before."""

    expected: Bool[Tensor, " word"]
    """The probe reads the letter."""
    silent: Bool[Tensor, " word"]
    """None of the letter's own latents fires."""
    absorbed: Bool[Tensor, " word"]
    """One other latent holds the probe's direction."""


def own_latents(
    fires: Bool[Tensor, "word d_sae"], is_letter: Bool[Tensor, " word"], split_gain: float
) -> list[int]:
    """Latents of a letter's own, the best first; the first is taken whatever it is worth."""
    found: list[int] = []
    any_fires = torch.zeros_like(is_letter)
    best = 0.0
    while len(found) < MOST_OWN:
        score = f1(fires | any_fires[:, None], is_letter)
        score[found] = -1.0
        latent = int(score.argmax())
        if found and float(score[latent]) - best <= split_gain:
            break
        found.append(latent)
        best, any_fires = float(score[latent]), any_fires | fires[:, latent]
    return found


def f1(
    fires: Bool[Tensor, "word d_sae"], is_letter: Bool[Tensor, " word"]
) -> Float[Tensor, " d_sae"]:
    """2 TP / (2 TP + FP + FN) of "it fires" for "it is the letter"; 0 where nothing is told."""
    hit = (fires & is_letter[:, None]).sum(dim=0).double()
    return 2 * hit / (fires.sum(dim=0) + is_letter.sum()).clamp_min(1).double()


def missed(
    words: Words,
    probe: Float[Tensor, " d_in"],
    is_read: Bool[Tensor, " word"],
    own: list[int],
    rule: Rule,
) -> Missed:
    """Which words of a letter its latents miss, and which of these another latent holds.

    Args:
        words: words of the letter.
        probe: direction of the letter's probe.
        is_read: words of which the probe tells the letter.
        own: the letter's own latents.
        rule: from what on another latent absorbs.
    """
    p = probe / probe.norm()
    along = words.features @ p
    held = words.codes * along
    held[:, own] = 0.0
    is_like = along / words.features.norm(dim=-1).clamp_min(1e-8) >= rule.least_cosine
    most = (held * is_like).amax(dim=1)
    whole = words.z @ p
    silent = is_read & (words.codes[:, own] <= 0).all(dim=1)
    is_held = (whole > 0) & (most >= rule.least_share * whole) & (most > 0)
    return Missed(is_read, silent, silent & is_held)
