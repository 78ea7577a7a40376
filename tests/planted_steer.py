"""Tables of steering from worlds of known truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from repro.contract.rows.row import Row
from repro.contract.rows.steer import SteerRow, SteerTextRow

SEEDS, FEATURES, PROMPTS = (0, 1, 2), range(8), range(8)
ALPHA, TOKENS = 4.0e-3, 24
SHIFTS = {
    **{"random_direction": 0.05, "planted": 3.0, "mean_difference": 2.0},
    **{"pca_signed": 0.4, "neurons_signed": 0.2, "prompted": 2.5},
}
RATES = {
    **{"random_direction": 0.02, "planted": 0.5, "mean_difference": 0.4},
    **{"pca_signed": 0.06, "neurons_signed": 0.03, "prompted": 0.6},
}


@dataclass(frozen=True)
class World:
    """What is true; the defaults make the claim true."""

    shift: float = 1.5
    """Rise of the keywords' log-odds with the feature, in nats."""
    rate: float = 0.4
    """Share of continuations that have a keyword."""
    loss: float = 3.2
    """Loss of what is written with the feature, in nats a token; 3.5 are allowed."""


def tables(world: World) -> dict[str, list[Row]]:
    """Both tables of one world."""
    return {"steer": [*_rows(world)], "steer_texts": [*_texts()]}


def _key(method: str, seed: int) -> dict[str, Any]:
    named = {"site": "middle", "method": method, "alpha": ALPHA, "seed": seed}
    return {**named, "k": 0, "expansion_factor": 2.0}


def _rows(world: World) -> Iterator[SteerRow]:
    rng = np.random.default_rng(31)
    shifts, rates = {"sae": world.shift, **SHIFTS}, {"sae": world.rate, **RATES}
    for method, seed, calibration in product(shifts, SEEDS, ("loss", "norm")):
        if calibration == "norm" and method not in ("sae", "random_direction"):
            continue
        for feature, prompt in product(FEATURES, PROMPTS):
            has = int(rng.random() < rates[method])
            yield SteerRow(
                **_key(method, seed),
                feature=feature,
                chosen="random" if feature < 5 else "best",
                calibration=calibration,
                prompt=prompt,
                n=1,
                length=0.0 if method == "prompted" else 0.7,
                log_odds_shift=shifts[method] + float(rng.normal(0, 0.2)),
                n_with_keyword=has,
                n_keywords=2 * has,
                n_tokens=TOKENS,
                loss_steered=TOKENS * (world.loss + float(rng.normal(0, 0.1))),
                loss_plain=TOKENS * 3.0,
                loss_allowed=TOKENS * 3.5,
            )


def _texts() -> Iterator[SteerTextRow]:
    for seed, feature, prompt in product(SEEDS, FEATURES, PROMPTS):
        yield SteerTextRow(
            **_key("sae", seed),
            feature=feature,
            chosen="random" if feature < 5 else "best",
            calibration="loss",
            prompt=prompt,
            keywords="river, bridge",
            beginning="I think that",
            plain=" the <b>day</b> was & long",
            steered=" the river under the bridge",
        )
