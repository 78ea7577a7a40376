"""Tables of single-meaning features from worlds of known truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from repro.contract.rows.features import (
    AblationRow,
    AbsorptionRow,
    CircuitRow,
    EdgeRow,
    FeaturesRow,
    LevelRow,
    PurityRow,
)
from repro.contract.rows.row import Row
from tests.seeds import SEEDS, seeds_of

GROUPS, BLOCKS, UNITS = 20, 8, 4
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
    hit: float = 0.9
    """Share of blocks in which the expected token falls most where a unit is taken out."""
    fall: float = 0.4
    """Share of a feature's activation that goes with its parents."""
    absorbed: float = 0.2
    """Share of words that a token's own latent absorbs."""


def tables(world: World) -> dict[str, list[Row]]:
    """The tables of one world."""
    return {
        "features": [*_features(world)],
        "purity": [*_purity(world)],
        "feature_levels": [*_levels()],
        "feature_ablations": [*_ablations(world)],
        "circuits": [*_circuits(world)],
        "circuit_edges": [*_edges()],
        "absorption": [*_absorption(world)],
    }


def _dictionaries(sae: float, shuffled: float, planted: float, others: dict[str, float]):
    """The key of each dictionary, and its number."""
    for alpha, seed in product(ALPHAS, SEEDS):
        yield _key("sae", alpha=alpha, seed=seed), sae
        yield _key("sae_shuffled_tokens", alpha=alpha, seed=seed), shuffled
    yield _key("planted"), planted
    for method, value in others.items():
        yield from ((_key(method, seed=seed), value) for seed in seeds_of(method))


def _key(method: str, *, alpha: float = 0.0, seed: int = 0) -> dict[str, Any]:
    settings = {"alpha": alpha, "k": 0, "expansion_factor": 2.0, "seed": seed}
    return {"site": "middle", "method": method, **settings}


def _features(world: World) -> Iterator[FeaturesRow]:
    rng = np.random.default_rng(11)
    for key, precision in _dictionaries(world.precision, 0.05, 0.98, PRECISE):
        of_seed = rng.normal(0, 0.003)
        for rate, target, block in product(("own", "matched"), TARGETS, range(BLOCKS)):
            hit = float(np.clip(precision + of_seed + rng.normal(0, 0.01), 0.0, 1.0))
            size = 100.0 + float(rng.normal(0, 0.1))
            fired = round(ON_TARGET * float(np.clip(world.recall + rng.normal(0, 0.02), 0, 1)))
            yield FeaturesRow(
                **key,
                rate=rate,
                target=target,
                text_block=block,
                feature=7,
                n_candidates=1152,
                n_tokens=TOKENS,
                activation=size,
                activation_on_target=size * hit,
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
                    purity=UNITS * float(np.clip(mean + of_seed + rng.normal(0, 0.02), 0, 1)),
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


def _ablations(world: World) -> Iterator[AblationRow]:
    rng = np.random.default_rng(13)
    others = {"pca_signed": 0.1, "neurons_signed": 0.1}
    hits = [(_key("sae", alpha=a, seed=s), world.hit) for a, s in product(ALPHAS, SEEDS)]
    hits += [(_key("random_direction", alpha=a, seed=s), 0.0) for a, s in product(ALPHAS, SEEDS)]
    hits += [(_key("planted"), 1.0), *((_key(name), hit) for name, hit in others.items())]
    for (key, hit), target, block in product(hits, TARGETS[:2], range(BLOCKS)):
        is_hit = rng.random() < hit
        yield AblationRow(
            **key,
            target=target,
            text_block=block,
            feature=7,
            expected=" s",
            n=1,
            n_outdone=int(not is_hit),
            place=1 if is_hit else 400,
            n_contexts=6,
            n_active=5,
            fall=6 * (1.5 if is_hit else 0.01),
            change=6 * 300.0 + float(rng.normal(0, 1)),
            edit_norm=900.0,
            n_other_tokens=350,
            loss_rise=3.5,
        )


def _circuits(world: World) -> Iterator[CircuitRow]:
    rng = np.random.default_rng(14)
    worlds = [(_key("sae", alpha=ALPHAS[1], seed=seed), world.fall) for seed in SEEDS]
    for key, fall in [*worlds, (_key("planted"), 0.99)]:
        for feature, block in product(range(6), range(BLOCKS)):
            for ablated, draw, share in (
                ("parents", 0, fall),
                *(("random_active", draw, 0.01) for draw in range(2)),
            ):
                length = 100.0 * (1.0 if ablated == "parents" else float(rng.normal(1, 0.03)))
                size = 10.0 + float(rng.normal(0, 0.01))
                yield CircuitRow(
                    **key,
                    feature=feature,
                    text_block=block,
                    ablated=ablated,
                    draw=draw,
                    n=2,
                    n_ablated=5,
                    strength=1.0 if ablated == "parents" else 1.5,
                    activation=size,
                    activation_ablated=size * max(0.0, 1 - share + float(rng.normal(0, 0.02))),
                    edit_norm=length,
                    parents_norm=100.0,
                )


def _edges() -> Iterator[EdgeRow]:
    rng = np.random.default_rng(16)
    for seed, feature, rank in product(SEEDS, range(6), range(1, 9)):
        yield EdgeRow(
            **_key("sae", alpha=ALPHAS[1], seed=seed),
            feature=feature,
            says=f"child {feature} <of> seed",
            parent=100 + rank,
            parent_says=f"parent {rank} & more" if rank <= 5 else "",
            rank=rank,
            is_parent=int(rank <= 5),
            n=10,
            activation=50.0,
            fall=20.0 / rank,
            attributed=25.0 / rank - (rank % 3) + float(rng.normal(0, 0.01)),
        )


def _absorption(world: World) -> Iterator[AbsorptionRow]:
    rng = np.random.default_rng(15)
    rates = [(_key("sae", alpha=a, seed=s), world.absorbed) for a, s in product(ALPHAS, SEEDS)]
    rates += [(_key("random_signed", seed=seed), 0.0) for seed in SEEDS]
    rates += [(_key("planted"), 0.25), (_key("planted_clean"), 0.0)]
    for (key, rate), letter in product(rates, "abcdefgh"):
        absorbed = round(40 * rate + (float(rng.normal(0, 0.8)) if rate else 0.0))
        yield AbsorptionRow(
            **key,
            target="first_letter",
            letter=letter,
            n_words=45,
            n_parent_expected=40,
            n_silent=min(40, absorbed + (4 if rate else 0)),
            n_kept=40 - min(40, max(0, absorbed)),
            n_own=2,
            n_false=10 + key["seed"],
            n_others=300,
        )
