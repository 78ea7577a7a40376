"""A plausible folder of evidence and its verdicts, so that a report can be written and looked at.

The shapes follow what sparse autoencoders do (error falls as more units are active, ...); the
numbers are invented and stand for no measurement.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np

from repro.contract.header import Scope
from repro.contract.rows.fidelity import (
    AgreementRow,
    DictionaryRow,
    FidelityRow,
    RefitRow,
    SplicedRow,
)
from repro.contract.rows.row import Row
from repro.contract.rows.toy import ToyRow
from repro.contract.written import write_evidence
from tests import planted_erase, planted_features, planted_interpret, planted_ioi, planted_steer
from tests.judge_strategies import RUN
from tests.seeds import SEEDS, seeds_of

ALPHAS = (0.0, 1e-4, 2e-4, 4e-4, 8e-4, 1.6e-3, 3.2e-3, 6.4e-3)
BY_R = (0.5, 1.0, 2.0, 4.0)
KEPT = (4, 8, 16, 32, 64, 128, 256)
DIMENSION = 576
TOKENS = 120

SCOPE = Scope(
    model="SmolLM2-135M-Instruct, de-quantised from Q4_1",
    text="Wikipedia sample and news articles of 2017 & others",
    sources={
        "train": {"Wikipedia": 0.5, "news & others": 0.5},
        "heldout": {"Wikipedia": 0.5, "news & others": 0.5},
    },
    bos="<|im_start|>",
    sites={
        "early": "blocks.4.hook_resid_post",
        "middle": "blocks.14.hook_resid_post",
        "late": "blocks.24.hook_resid_post",
    },
    tokens={"train": 1_200_000, "heldout": 30_000, "train, early": 400_000},
    seeds=list(SEEDS),
    device="CPU, bfloat16 products",
    max_logit_difference=0.0,
    is_paper_setting=False,
)


@dataclass(frozen=True)
class Point:
    """One dictionary: its key and the two numbers that shape its rows."""

    site: str
    method: str
    alpha: float
    k: int
    expansion_factor: float
    seed: int
    l0: float
    fvu: float

    @property
    def key(self) -> dict[str, Any]:
        """The columns that name the dictionary."""
        names = ("site", "method", "alpha", "k", "expansion_factor", "seed")
        return {name: getattr(self, name) for name in names}


def write_plausible(folder: Path, n_documents: int = 25) -> Path:
    """Write every table into `folder`, the same bytes every time."""
    points = list(_points(np.random.default_rng(0)))
    measured_on = {**SCOPE.tokens, "heldout": TOKENS * n_documents}
    scope = SCOPE.model_copy(update={"tokens": measured_on})
    ours = [point for point in points if point.method != "saelens_standard"]
    for name, rows in {
        "fidelity": _per_document(points, n_documents, _fidelity, 1),
        "refit": _per_document([p for p in points if p.method == "sae"], n_documents, _refit, 2),
        "dictionaries": [row for point in ours for row in _dictionaries(point)],
        "agreement": list(_agreement()),
        "spliced": _per_document(
            [p for p in ours if p.expansion_factor == 2.0 or p.k], n_documents, _spliced, 3
        ),
        "toy": list(_toy()),
        **planted_ioi.tables(planted_ioi.World()),
        **planted_interpret.tables(planted_interpret.World()),
        **planted_features.tables(planted_features.World()),
        **planted_erase.tables(planted_erase.World()),
        **planted_steer.tables(planted_steer.World()),
    }.items():
        write_evidence(
            folder, name, rows, counts={"rows": len(rows)}, scope=None if name == "toy" else scope,
            provenance={"profile": "laptop", **RUN},
        )  # fmt: skip
    return folder


def _points(random: np.random.Generator) -> Iterator[Point]:
    for site, lift in (("early", 0.7), ("middle", 1.0), ("late", 1.2)):
        widths = BY_R if site == "middle" else (2.0,)
        for alpha, width, seed in product(ALPHAS, widths, SEEDS):
            noise = float(np.exp(random.normal(0, 0.03)))
            l0 = 420 * width**0.1 / (1 + (alpha / 4e-4) ** 0.9) * noise
            fvu = lift * 0.55 * width**-0.15 * np.exp(-((l0 / 90) ** 0.55)) * noise + 0.01
            yield Point(site, "sae", alpha, 0, width, seed, l0, fvu)
            if alpha and width == 2.0 and site == "middle" and seed == 0:
                yield Point(site, "saelens_standard", alpha, 0, width, 0, l0 * 0.9, fvu * 1.1)
        yield from _sparse(site, lift)
    yield from _planted(random)


def _sparse(site: str, lift: float) -> Iterator[Point]:
    """Decompositions of which some codes are kept."""
    for k in KEPT:
        share = k / DIMENSION
        for seed in SEEDS:
            fvu = 0.95 * (1 - share) ** (1 + 0.1 * seed)
            yield Point(site, "sae_random_decoder", 0.0, k, 2.0, seed, k, fvu)
        for method, fvu in (
            ("pca_static", 0.7 * lift * (1 - share**0.35) + 0.02),
            ("pca_topk", 0.6 * lift * (1 - share**0.3) + 0.02),
            ("neurons_topk", 0.9 * (1 - share) ** 2),
        ):
            for seed in seeds_of(method):
                yield Point(site, method, 0.0, k, 1.0, seed, float(k), fvu * (1 + seed / 500))
        for seed in SEEDS:
            fvu = (1 - share) ** (1.5 + 0.01 * seed)
            yield Point(site, "random_topk", 0.0, k, 2.0, seed, float(k), fvu)


def _planted(random: np.random.Generator) -> Iterator[Point]:
    for alpha, seed in product(ALPHAS[1:], SEEDS):
        noise = float(np.exp(random.normal(0, 0.03)))
        l0 = 300 / (1 + (alpha / 4e-4) ** 0.9) * noise
        knee = 0.6 if l0 < 100 else 0.12
        yield Point("planted_knee", "sae", alpha, 0, 2.0, seed, l0, knee * noise)
        for width in BY_R:
            fvu = 0.5 * np.exp(-((l0 / 90) ** 0.5)) * max(1.0, 1 / width) * noise
            yield Point("planted_width", "sae", alpha, 0, width, seed, l0, fvu)


def _per_document(
    points: list[Point],
    n_documents: int,
    row: Callable[[Point, float], Row],
    seed: int,
) -> list[Row]:
    difficulty = np.exp(np.random.default_rng(seed).normal(0, 0.15, n_documents))
    return [
        row(point, float(hard)).model_copy(update={"document": document})
        for point in points
        for document, hard in enumerate(difficulty)
    ]


def _fidelity(point: Point, hard: float) -> FidelityRow:
    variance = TOKENS * DIMENSION * 0.97
    error = point.fvu * variance * hard
    norm = TOKENS * DIMENSION * (1 - 0.6 * point.fvu)
    shrink = 1 + (40 * point.alpha if point.method == "sae" else 0.0)
    return FidelityRow(
        **point.key, document=0, n_tokens=TOKENS, active=TOKENS * point.l0,
        code_l1=TOKENS * point.l0 * 0.8, squared_error=error, variance=variance,
        squared_error_normalised=error * 1.2, variance_normalised=variance,
        x_dot_reconstruction=norm * shrink, reconstruction_dot_reconstruction=norm,
    )  # fmt: skip


def _refit(point: Point, hard: float) -> RefitRow:
    before = 32 * DIMENSION * point.fvu * hard
    after = before * (1 - min(0.3, 60 * point.alpha))
    return RefitRow(
        **point.key, document=0, n_tokens=32, squared_error_before=before,
        squared_error_after=after,
    )  # fmt: skip


def _spliced(point: Point, hard: float) -> SplicedRow:
    n, clean = TOKENS - 1, 3.1 * hard
    return SplicedRow(
        **point.key, document=0, n_predictions=n, loss_clean=n * clean,
        loss_spliced=n * (clean + 2.5 * point.fvu), loss_zero=n * (clean + 8.0),
        loss_mean=n * (clean + 5.5),
    )  # fmt: skip


def _dictionaries(point: Point) -> Iterator[DictionaryRow]:
    if point.k:
        return
    size = int(DIMENSION * point.expansion_factor)
    dead = min(0.9, 0.01 * point.expansion_factor + 40 * point.alpha * point.expansion_factor)
    for method, factor, copied in (
        (point.method, 1.0, 0.01 + 20 * point.alpha),
        ("sae_frozen_dead", 0.5, 0.01),
        ("sae_duplicated", 1.0, 0.2),
    ):
        if method != point.method and (point.expansion_factor != 2.0 or point.site != "middle"):
            continue
        alive = int(size * (1 - dead) * factor) - point.seed
        yield DictionaryRow(
            **{**point.key, "method": method}, n_tokens=30_000, n_features=size, n_alive=alive,
            n_silent=(size - alive) // 2, n_dense=3, n_frequent=alive // 2,
            n_effective=int(alive * 0.8), n_duplicated=int(alive * copied),
            n_duplicated_null=0, n_pairs=alive * (alive - 1) // 2,
            n_duplicate_pairs=int(alive * copied),
        )  # fmt: skip


def _agreement() -> Iterator[AgreementRow]:
    for alpha, (seed_a, seed_b) in product(ALPHAS, combinations(SEEDS, 2)):
        for method, share in (("sae", 0.3 + 90 * alpha), ("random", 0.0), ("permuted", 1.0)):
            matched = int(1000 * min(1.0, share))
            yield AgreementRow(
                site="middle", method=method, alpha=alpha, expansion_factor=2.0, seed_a=seed_a,
                seed_b=seed_b, n_features=1000, n_matched=matched, cosine=matched * 0.85,
            )  # fmt: skip


def _toy() -> Iterator[ToyRow]:
    for regime, best in (("independent", 0.97), ("hard", 0.6)):
        for alpha, width, seed in product((2e-3, 5e-3), (1.0, 2.0), SEEDS):
            cosine = best * min(1.0, width / 2) - (alpha == 2e-3) * 0.2
            yield _recovered(regime, "sae", alpha, width, seed, cosine)
        for seed in SEEDS:
            yield _recovered(regime, "random", 0.0, 2.0, seed, 0.2)
            yield _recovered(regime, "truth", 0.0, 2.0, seed, 1.0)


def _recovered(
    regime: str, method: str, alpha: float, width: float, seed: int, cosine: float
) -> ToyRow:
    return ToyRow(
        regime=regime, method=method, alpha=alpha, expansion_factor=width, seed=seed,
        fvu_rank=2 if alpha == 2e-3 else 1, n_true=512, n_learned=round(256 * width),
        cosine=512 * cosine, n_recovered=round(500 * cosine), nearest_cosine=512 * cosine,
        nearest_cosine_learned=256 * width * cosine, active_true=5.0, n_tokens=1000,
        active=9000.0, squared_error=1.0 + 1e-9 * seed, variance=10.0,
    )  # fmt: skip
