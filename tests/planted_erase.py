"""Tables of an erasure from worlds of known truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from repro.contract.rows.erase import EraseFeatureRow, EraseRow, EraseScoreRow
from repro.contract.rows.row import Row

SEEDS, BLOCKS, GROUPS = (0, 1, 2), 8, 10
LOST = {"once": 1.0, "quarter": 0.25, "half": 0.5, "three_quarters": 0.75}
ALPHA = 4.0e-3
BASELINES = {"leace": 0.02, "mean_difference": 0.03, "neurons_signed": 0.05}
TOKENS, ABOVE = 500, 0.3


@dataclass(frozen=True)
class World:
    """What is true; the defaults make the claim true."""

    sae: float = 0.005
    """KL of the feature, in nats a token, where half of the score is lost."""
    knows: float = 1.0
    """Share of the prompts that the clean model gets right."""
    lost: float = 1.0
    """Part of the fall asked for that the feature reaches on names it has not seen."""


def tables(world: World) -> dict[str, list[Row]]:
    """The three tables of one world."""
    return {
        "erase": [*_text(world)],
        "erase_scores": [*_scores(world)],
        "erase_features": [*_features(world)],
    }


def _key(method: str, seed: int = 0) -> dict[str, Any]:
    return {
        **{"site": "middle", "method": method, "k": 0, "expansion_factor": 2.0},
        **{"alpha": 0.0 if method in BASELINES else ALPHA, "seed": seed},
        "feature": -1 if method in ("leace", "mean_difference") else 7,
    }


def _ways(world: World) -> Iterator[tuple[dict[str, Any], float, float]]:
    """Key, KL at half, and the part of a fall that is reached."""
    for seed in SEEDS:
        yield _key("sae", seed), world.sae, world.lost
        yield _key("sae_likest", seed), 1.5 * world.sae, 0.8
        yield _key("random_feature", seed), 0.02, 0.02
    yield from ((_key(method), kl, 1.0) for method, kl in BASELINES.items())


def _text(world: World) -> Iterator[EraseRow]:
    rng = np.random.default_rng(21)
    for (key, kl, _), (lost, share) in product(_ways(world), LOST.items()):
        for block in range(BLOCKS):
            yield EraseRow(
                **key,
                lost=lost,
                text_block=block,
                n_tokens=TOKENS,
                strength=1.0,
                kl=TOKENS * 4 * share**2 * kl * float(np.exp(rng.normal(0, 0.05))),
                kl_whole=TOKENS * 3.0,
            )


def _scores(world: World) -> Iterator[EraseScoreRow]:
    rng = np.random.default_rng(22)
    for (key, _, part), (lost, share) in product(_ways(world), LOST.items()):
        for task, group in product(("gender", "pronoun"), range(GROUPS)):
            whole = 4 * ABOVE
            reached = (0.6 if lost == "once" else 1.0) * part
            yield EraseScoreRow(
                **key,
                lost=lost,
                task=task,
                name_group=group,
                n_prompts=4,
                n_correct=int(rng.binomial(4, world.knows)),
                score_above_chance=whole,
                score_lost=share * whole * (reached + float(rng.normal(0, 0.02))),
                score_to_lose=share * whole,
                n_reached=4,
            )


def _features(world: World) -> Iterator[EraseFeatureRow]:
    for (key, _, _), lost in product(_ways(world), LOST):
        yield EraseFeatureRow(
            **key,
            lost=lost,
            strength=1.0,
            is_reached=1,
            score_training=0.6,
            cosine=0.4,
            share_male=0.1,
            share_female=0.9,
        )
