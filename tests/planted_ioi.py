"""Tables of the stage `ioi` from worlds of known truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from repro.contract.rows.ioi import CurveRow, EditRow, FeatureRow, IoiRow, LevelRow, PromptRow
from repro.contract.rows.row import Row
from tests.seeds import SEEDS, seeds_of

DRAWS = (0, 1, 2)
ALPHAS = (0.0, 1.0e-3, 4.0e-3)
PAIRS, NORM, SHIFT, CLEAN = 8, 100.0, 6.0, 3.0
FORMS = tuple(f"{order}-{i:02d}" for order in ("abba", "baba") for i in range(8))
COUNTS = (0, 1, 8, 64, 512)


@dataclass(frozen=True)
class World:
    """What is true; the defaults make every claim true. Areas are means of KL, nats a pair."""

    sae_area: float = 0.5
    """Of the trained dictionary with a penalty."""
    plain_area: float = 1.1
    """Of the one trained without."""
    pca_area: float = 1.0
    """Of principal components."""
    neurons_area: float = 1.0
    """Of plain neurons."""
    random_topk_area: float = 1.0
    """Of random directions of which the largest are kept."""
    frozen_area: float = 1.2
    """Of the dictionary with a random decoder."""
    sae_edit: float = 0.1
    """Edit of the trained dictionary at half of the unpatched KL, over the norm; PCA: 0.3."""
    floor: float = 0.05
    """KL that is left without a penalty where all features are patched, nats of 3."""
    floor_rise: float = 0.1
    """Its rise from one penalty to the next."""
    shift: float = 0.6
    """Share of the counterfactual shift that the found features bring about."""
    accuracy: float = 1.0
    """Share of prompts after which the right name is the likelier."""


class _Noise:
    """Multiplicative noise shared by what has a draw or a seed in common, and a little of each."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(11)
        self.of_draw = self.generator.normal(0, 0.01, len(DRAWS))
        self.of_seed = self.generator.normal(0, 0.01, len(SEEDS))

    def __call__(self, key: dict[str, Any]) -> float:
        own = self.generator.normal(0, 0.003)
        return float(np.exp(self.of_draw[key["draw"]] + self.of_seed[key["seed"]] + own))


def tables(world: World) -> dict[str, list[Row]]:
    """All six tables of one world."""
    noise = _Noise()
    found: dict[str, list[Row]] = {name: [] for name in ("ioi", "ioi_curves", "ioi_levels")}
    for key, area, floor, edit in _carrying(world):
        factor = noise(key)
        floor *= PAIRS * factor
        found["ioi"].append(_in_short(key, PAIRS * area * factor, floor))
        found["ioi_curves"] += _curve(key, PAIRS * area * factor, floor, edit)
        found["ioi_levels"] += _levels(key, edit * factor)
    for key in _ends():
        left = 0.0 if key["method"] == "full_residual" else PAIRS * CLEAN
        found["ioi"].append(_in_short(key, left, left))
    return {
        "ioi_prompts": list(_prompts(world)),
        **found,
        "ioi_edits": list(_edits(world, noise)),
        "ioi_features": list(_features()),
    }


def _key(method: str, **given: Any) -> dict[str, Any]:
    plain = {"site": "middle", "alpha": 0.0, "expansion_factor": 1.0, "seed": 0, "corruption": "io"}
    return {**plain, "method": method, "selection": "attribution", "draw": 0, "order": 0, **given}


def _localisations(world: World) -> Iterator[tuple[dict[str, Any], float, float, float]]:
    """Key, area and floor in nats a pair, and edit as a share of the norm."""
    complete = {
        "pca": world.pca_area,
        "pca_signed": 1.0,
        "ica": 1.3,
        "neurons": world.neurons_area,
        "random_orthogonal": 1.4,
        "mean_difference": 1.6,
    }
    for draw in DRAWS:
        for rank, alpha in enumerate(ALPHAS):
            for seed in SEEDS:
                at = {"alpha": alpha, "expansion_factor": 2.0, "seed": seed, "draw": draw}
                area = world.sae_area if alpha else world.plain_area
                floor = world.floor + world.floor_rise * rank
                yield _key("sae", **at), area, floor, world.sae_edit
        for seed in SEEDS:
            at = {"expansion_factor": 2.0, "seed": seed, "draw": draw}
            yield _key("sae_random_decoder", **at), world.frozen_area, 0.3, 0.4
        for method, area in complete.items():
            for seed in seeds_of(method):
                edit = 0.35 if "random" in method else 0.3
                yield _key(method, seed=seed, draw=draw), area, 0.0, edit
        for seed in SEEDS:
            at = {"expansion_factor": 2.0, "seed": seed, "draw": draw}
            yield _key("random_topk", **at), world.random_topk_area, 0.8, 0.4
            yield _key("random", **at), 1.5, 0.5, 0.4
        by = {"selection": "elimination", "draw": draw}
        sae = {"alpha": ALPHAS[1], "expansion_factor": 2.0, "seed": draw, "order": draw}
        floor = world.floor + world.floor_rise
        yield _key("sae", **sae, **by), world.sae_area, floor, world.sae_edit
        yield _key("pca", seed=draw, order=draw, **by), world.pca_area, 0.0, 0.3
        known = {"site": "planted", "draw": draw, "seed": draw}
        yield _key("planted", **known), 0.4, 0.0, 0.1
        yield _key("planted_rotated", **known), 1.0, 0.0, 0.6


def _carrying(world: World) -> Iterator[tuple[dict[str, Any], float, float, float]]:
    """The same, the key telling whether at most half of the KL is left with all patched."""
    for key, area, floor, edit in _localisations(world):
        yield {**key, "carries": int(floor <= CLEAN / 2)}, area, floor, edit


def _ends() -> Iterator[dict[str, Any]]:
    for draw in DRAWS:
        for method, carries in (("identity", 0), ("full_residual", 1)):
            yield {**_key(method, selection="none", draw=draw), "carries": carries}


def _in_short(key: dict[str, Any], area: float, floor: float) -> IoiRow:
    clean = PAIRS * CLEAN
    return IoiRow(**key, n=PAIRS, n_features=512, kl_area=area, kl_clean=clean, kl_floor=floor)


def _curve(key: dict[str, Any], area: float, floor: float, edit: float) -> Iterator[CurveRow]:
    for rank, count in enumerate(COUNTS):
        share = rank / (len(COUNTS) - 1)
        kl = max(floor, PAIRS * CLEAN * (1 - share) ** (PAIRS * CLEAN / area / 4))
        yield CurveRow(
            **key,
            n_patched=count,
            n=PAIRS,
            kl=kl,
            kl_reverse=1.1 * kl,
            logit_shift=PAIRS * SHIFT * share,
            edit_norm=2 * NORM * edit * share * _hair(key),
            norm=NORM,
        )


def _levels(key: dict[str, Any], edit: float) -> Iterator[LevelRow]:
    for level, is_reached in ((0.5, 1), (0.25, 0)):
        yield LevelRow(
            **key,
            level=level,
            n=PAIRS,
            is_reached=is_reached,
            ln_patched=PAIRS * np.log(16.0) * is_reached,
            edit_norm=NORM * edit * is_reached,
            norm=NORM,
        )


def _edits(world: World, noise: _Noise) -> Iterator[EditRow]:
    for key, *_ in _carrying(world):
        if key["selection"] == "elimination":
            continue
        found = world.shift if key["method"] == "sae" else 0.3
        yield _edit(key, 64, "", found * noise(key))
        chance = 0.01 * (1 - key["draw"])
        yield _edit({**key, "method": "random_edit"}, 64, key["method"], chance)
    for key in _ends():
        yield _edit(key, 0, "", float(key["method"] == "full_residual"))


def _edit(key: dict[str, Any], n_patched: int, matched: str, share: float) -> EditRow:
    return EditRow(
        **key,
        matched=matched,
        n_patched=n_patched,
        n=PAIRS,
        logit_shift=PAIRS * SHIFT * share,
        logit_shift_counterfactual=PAIRS * SHIFT,
        edit_norm=NORM * 0.2 * _hair(key),
        norm=NORM,
    )


def _hair(key: dict[str, Any]) -> float:
    """A factor of one's own, so that no two localisations agree to the last bit."""
    return 1 + 1e-9 * crc32(repr(key).encode()) / 2**32


def _prompts(world: World) -> Iterator[PromptRow]:
    """Wrong answers are spread over the sentence forms."""
    for draw in DRAWS:
        for pair in range(48):
            is_right = (pair * 7 + draw) % 50 < 50 * world.accuracy
            yield PromptRow(
                draw=draw,
                corruption="io",
                split=("select", "heldout")[pair // 24],
                pair=pair % 24,
                template=FORMS[pair % len(FORMS)],
                io="Mary",
                subject="John",
                counterfactual_io="Anna",
                counterfactual_subject="John",
                clean="Then Mary and John went to the park. John gave a ball to",
                counterfactual="Then Anna and John went to the park. John gave a ball to",
                n_prompts=1,
                n_tokens=14,
                n_changed=13,
                correct=int(is_right),
                logit_difference=2.0 if is_right else -0.5,
                kl_clean=CLEAN,
            )


def _features() -> Iterator[FeatureRow]:
    for rank in (1, 2, 3):
        yield FeatureRow(
            **_key("sae", alpha=ALPHAS[1], expansion_factor=2.0),
            carries=1,
            rank=rank,
            feature=100 + rank,
            effect=-0.5 / rank,
            position=("io", "s2", "end")[rank - 1],
            position_share=0.8,
            names="Mary, Anna",
            contexts="gave it to [Mary] who | then [Anna] said",
        )
