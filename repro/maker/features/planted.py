"""Planted truth: units of known meaning over real text, circuits of known wiring.

What a search, purity, and the search for parents must find if they work.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int

from repro.maker.features.circuits import Wiring
from repro.maker.features.targets import members_of

JITTER = 0.3
"""Standard deviation of the logarithm of an activation under its meaning."""
ELSEWHERE, FAINT = 1e-3, 0.1
"""Share of all tokens on which a unit fires without a meaning, and how strongly."""

CIRCUIT_D, CIRCUIT_TOKENS, CIRCUIT_ACTIVE = 32, 8, 6
"""Of a planted circuit: features and coordinates, tokens of a context, features of a token."""


def planted_codes(
    ids: Int[np.ndarray, " token"],
    pieces: Sequence[str],
    targets: Sequence[str],
    n_single: int,
    seed: int,
) -> Float[np.ndarray, "token unit"]:
    """A unit for each target, and units of one single token each, the commonest tokens first.

    a = exp(jitter * normal) on the meaning's tokens, a tenth of that on one token in a thousand
    """
    rng = np.random.default_rng([seed, 0xF1])
    names, counts = np.unique(ids, return_counts=True)
    single = names[np.argsort(-counts, kind="stable")[:n_single]]
    holds = [members_of(target, pieces)[ids] for target in targets]
    holds += [ids == one for one in single]
    meaning = np.stack(holds, axis=1)
    strength = np.exp(JITTER * rng.standard_normal(meaning.shape))
    faint = FAINT * (rng.random(meaning.shape) < ELSEWHERE)
    return (strength * (meaning + faint * ~meaning)).astype(np.float32)


def planted_circuit(n_parents: int, n_contexts: int, seed: list[int]) -> tuple[Wiring, Wiring]:
    """An orthonormal dictionary of sparse codes and a target that adds some of them, in two texts.

    y = ReLU(sum over parents j of w_j sum over tokens of c_j),   w_j even in [.5, 1.5]
    """
    rng = np.random.default_rng(seed)
    basis = torch.from_numpy(np.linalg.qr(rng.standard_normal((CIRCUIT_D, CIRCUIT_D)))[0]).float()
    weight = torch.zeros(CIRCUIT_D)
    true = rng.permutation(CIRCUIT_D)[:n_parents]
    weight[true] = torch.from_numpy(rng.uniform(0.5, 1.5, len(true))).float()

    def wiring() -> Wiring:
        shape = (n_contexts, CIRCUIT_TOKENS, CIRCUIT_D)
        is_active = rng.random(shape) < CIRCUIT_ACTIVE / CIRCUIT_D
        codes = torch.from_numpy(rng.exponential(1.0, shape) * is_active).float()
        return Wiring(
            x=codes @ basis,
            codes=codes,
            features=basis,
            last=torch.full((n_contexts,), CIRCUIT_TOKENS - 1),
            readout=lambda x, _: ((x @ basis.T) @ weight).sum(dim=1).relu(),
            batch=n_contexts,
        )

    return wiring(), wiring()
