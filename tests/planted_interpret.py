"""Tables of interpretability from worlds of known truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from zlib import crc32

import numpy as np

from repro.contract.rows.interpret import (
    BudgetRow,
    InterpretRow,
    PlantedUnitRow,
    SampledRow,
    ScorerRow,
    UnitRow,
)
from repro.contract.rows.row import Row
from tests.seeds import SEEDS, seeds_of

SITES = {"early": 4, "middle": 14, "late": 24}
GROUPS, BLOCKS, UNITS = 20, 4, 4
PLAIN = {"ica": 0.30, "pca": 0.22, "neurons_signed": 0.2, "random_signed": 0.2}
SPARSE = {"pca_topk": 0.32, "ica_topk": 0.34, "neurons_topk": 0.25, "random_topk": 0.21}
CELLS = (
    ("effective", "own", ("top_and_random", "top_only", "random_only", "unconditional")),
    ("alive", "own", ("top_and_random", "random_only")),
    ("effective", "matched", ("top_and_random",)),
)
BUDGETS = (1, 4)


@dataclass(frozen=True)
class World:
    """What is true; the defaults make every decided claim true."""

    gain: float = 0.25
    """Score of the dictionary's features over ICA's in the first layer."""
    fade: float = 0.06
    """How far that falls from one layer to the next."""
    left: float = 0.84
    """Share of the gain that is left over the best baseline as sparse."""
    reinitialised: float = 0.3
    """Score of the dictionaries of the version that keeps its embeddings, the stronger one."""
    frozen: float = 0.33
    """Score of the dictionaries with a frozen random decoder."""
    auroc: float = 0.95
    """Pairs of a pure and a mixed feature in which the pure one scores higher."""
    pure: float = 0.88
    """Score of planted features of one meaning."""


def tables(world: World) -> dict[str, list[Row]]:
    """The six tables of one world."""
    rows = list(_interpret(world))
    keys = {tuple(key.items()): key for key, _ in _dictionaries(world)}
    return {
        "interpret": [*rows],
        "sampled": [_sampled(key, of) for key in keys.values() for of in ("effective", "alive")],
        "units": [_unit(key, i) for key in keys.values() for i in range(6)],
        "budgets": [
            BudgetRow(
                **key,
                budget=n,
                feature_group=g,
                n=UNITS,
                score=UNITS * (0.3 + 0.01 * n) * _hair(key, g),
            )
            for key in keys.values()
            for n in BUDGETS
            for g in range(GROUPS)
        ],
        "scorers": [*_scorers(world)],
        "planted_units": [*_planted_units()],
    }


def _dictionaries(world: World) -> Iterator[tuple[dict[str, Any], float]]:
    """The key of each dictionary and its mean score on top and random fragments."""
    for depth, site in enumerate(SITES):
        for alpha, seed in product((1.0e-3, 4.0e-3), SEEDS):
            for method, score in _versions(world, depth):
                yield _key(site, method, alpha=alpha, seed=seed), score
        for seed in SEEDS:
            yield _key(site, "sae_random_decoder", k=48, seed=seed), world.frozen
        for k, plain in ((0, PLAIN), (48, SPARSE)):
            for method, score in plain.items():
                for seed in seeds_of(method):
                    yield _key(site, method, k=k, seed=seed), score


def _versions(world: World, depth: int) -> Iterator[tuple[str, float]]:
    """The autoencoder's score, and at the first site those on untrained versions of the model."""
    yield "sae", PLAIN["ica"] + world.gain - world.fade * depth
    if depth == 0:
        yield "sae_reinitialised_model", world.reinitialised - 0.1
        yield "sae_step0_model", world.reinitialised


def _key(
    site: str, method: str, *, alpha: float = 0.0, k: int = 0, seed: int = 0
) -> dict[str, Any]:
    settings = {"alpha": alpha, "k": k, "expansion_factor": 2.0, "seed": seed}
    return {"site": site, "method": method, **settings}


def _interpret(world: World) -> Iterator[InterpretRow]:
    rng = np.random.default_rng(5)
    layers = list(SITES.values())
    order = {(g, b): rng.permutation(3) for g in range(GROUPS) for b in range(BLOCKS)}
    of_block = rng.normal(0, 0.004, BLOCKS)
    for key, mean in _dictionaries(world):
        of_seed = rng.normal(0, 0.002)
        depth = list(SITES).index(key["site"])
        gain = world.gain - world.fade * depth
        for sampled, rate, variants in CELLS:
            for variant in variants:
                for group in range(GROUPS):
                    for block in range(BLOCKS):
                        noise = of_seed + of_block[block] + rng.normal(0, 0.02)
                        yield InterpretRow(
                            **key,
                            layer=layers[depth],
                            layer_shuffled=layers[order[group, block][depth]],
                            sampled=sampled,
                            rate=rate,
                            scorer="rules",
                            variant=variant,
                            feature_group=group,
                            text_block=block,
                            n_sampled=UNITS,
                            n=UNITS,
                            score=UNITS * (mean + noise),
                            score_worst=UNITS * (mean + noise),
                            score_best=UNITS * (mean + noise),
                            score_best_plain=UNITS * (PLAIN["ica"] + of_block[block]),
                            score_best_topk=UNITS
                            * (PLAIN["ica"] + (1 - world.left) * gain + of_block[block]),
                        )


def _sampled(key: dict[str, Any], sampled: str) -> SampledRow:
    return SampledRow(
        **key, sampled=sampled, n_tokens=1000, active=48_000.0, n_units=128, n_dead=3,
        n_eligible=100, n_sampled=80, n_rare=2, n_scored=78,
    )  # fmt: skip


def _unit(key: dict[str, Any], i: int) -> UnitRow:
    return UnitRow(
        **key, unit=i, is_effective=1, is_alive=i % 2, is_scored=1, density=0.01 * (i + 1),
        effect=(1.0 + i) * _hair(key), skewness=2.0 + i, kurtosis=9.0 + i, entropy=0.5 * i,
        score=0.1 * i, score_random_only=0.08 * i,
    )  # fmt: skip


def _hair(*key: object) -> float:
    """A factor of one's own, so that no two units agree to the last bit."""
    return 1 + 1e-3 * crc32(repr(key).encode()) / 2**32


def _scorers(world: World) -> Iterator[ScorerRow]:
    rng = np.random.default_rng(6)
    for meanings in range(1, 6):
        for group in range(GROUPS):
            pairs = 25 if meanings > 1 else 0
            yield ScorerRow(
                scorer="rules",
                n_meanings=meanings,
                feature_group=group,
                n=5,
                score=5 * (world.pure + 0.07 * (1 - meanings) + rng.normal(0, 0.01)),
                n_shuffled=5,
                score_shuffled=5 * rng.normal(0, 0.01),
                n_pairs=pairs,
                n_ordered=pairs * min(1.0, world.auroc + rng.normal(0, 0.01)),
            )


def _planted_units() -> Iterator[PlantedUnitRow]:
    rng = np.random.default_rng(7)
    for meanings in range(1, 6):
        for i in range(5 * GROUPS):
            yield PlantedUnitRow(
                scorer="rules",
                n_meanings=meanings,
                feature=i,
                is_scored=1,
                score=min(1.0, 0.95 - 0.07 * meanings + rng.normal(0, 0.08)),
                is_scored_shuffled=1,
                score_shuffled=rng.normal(0, 0.02),
            )
