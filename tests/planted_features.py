"""Tables of single-meaning features from worlds of known truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from repro.contract.rows.features import FeaturesRow, LevelRow, PurityRow
from repro.contract.rows.row import Row

SEEDS, GROUPS, BLOCKS, UNITS = (0, 1, 2), 20, 8, 4
ALPHAS = (1.0e-3, 4.0e-3)
TARGETS = ("apostrophe", "closing_parenthesis", "comma")
TOKENS, ON_TARGET = 2000, 60
PRECISE = {"pca_signed": 0.2, "ica_signed": 0.3, "neurons_signed": 0.15, "random_signed": 0.1}
PURE = {"pca_signed": 0.35, "ica_signed": 0.45, "neurons_signed": 0.3, "random_signed": 0.3}


@dataclass(frozen=True)
class World:
    """What is true; the defaults make every decided claim true."""

    precision: float = 0.93
    """Share of a found unit's activation that is on its target."""
    recall: float = 0.6
    """Share of the target's tokens on which it fires."""
    purity: float = 0.7
    """Share of a unit's activation that five tokens hold."""
    matched_purity: float = 0.7
    """The same where all fire equally often."""


def tables(world: World) -> dict[str, list[Row]]:
    """The three tables of one world."""
    return {
        "features": [*_features(world)],
        "purity": [*_purity(world)],
        "feature_levels": [*_levels()],
    }


def _dictionaries(sae: float, shuffled: float, planted: float, others: dict[str, float]):
    """The key of each dictionary, and its number."""
    for alpha, seed in product(ALPHAS, SEEDS):
        yield _key("sae", alpha=alpha, seed=seed), sae
        yield _key("sae_shuffled_tokens", alpha=alpha, seed=seed), shuffled
    yield _key("planted"), planted
    yield from ((_key(method), value) for method, value in others.items())


def _key(method: str, *, alpha: float = 0.0, seed: int = 0) -> dict[str, Any]:
    settings = {"alpha": alpha, "k": 0, "expansion_factor": 2.0, "seed": seed}
    return {"site": "middle", "method": method, **settings}


def _features(world: World) -> Iterator[FeaturesRow]:
    rng = np.random.default_rng(11)
    for key, precision in _dictionaries(world.precision, 0.05, 0.98, PRECISE):
        of_seed = rng.normal(0, 0.003)
        for rate, target, block in product(("own", "matched"), TARGETS, range(BLOCKS)):
            hit = float(np.clip(precision + of_seed + rng.normal(0, 0.01), 0.0, 1.0))
            fired = round(ON_TARGET * float(np.clip(world.recall + rng.normal(0, 0.02), 0, 1)))
            yield FeaturesRow(
                **key,
                rate=rate,
                target=target,
                text_block=block,
                feature=7,
                n_candidates=1152,
                n_tokens=TOKENS,
                activation=100.0,
                activation_on_target=100.0 * hit,
                n_fired=fired + 5,
                n_target=ON_TARGET,
                n_fired_on_target=fired,
            )


def _purity(world: World) -> Iterator[PurityRow]:
    rng = np.random.default_rng(12)
    for rate, pure in (("own", world.purity), ("matched", world.matched_purity)):
        for key, mean in _dictionaries(pure, 0.15, 0.95, PURE):
            of_seed = rng.normal(0, 0.002)
            for group, block in product(range(GROUPS), range(BLOCKS)):
                yield PurityRow(
                    **key,
                    rate=rate,
                    feature_group=group,
                    text_block=block,
                    n_sampled=UNITS,
                    n=UNITS,
                    purity=UNITS * (mean + of_seed + rng.normal(0, 0.02)),
                )


def _levels() -> Iterator[LevelRow]:
    for method, level in product(("sae", "pca_signed"), range(10)):
        for token, on, n in (("'", 1, 10 + level), (".", 0, 10 - level)):
            yield LevelRow(
                **_key(method, alpha=ALPHAS[0] if method == "sae" else 0.0),
                target="apostrophe",
                feature=7,
                level=level,
                token=token,
                is_on_target=on,
                n=n,
            )
