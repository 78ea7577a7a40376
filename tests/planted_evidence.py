"""Tables of evidence from worlds of known truth: one in which the claims hold, and others."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from repro.contract.header import Scope
from repro.contract.rows.fidelity import (
    AgreementRow,
    DictionaryRow,
    FidelityRow,
    RefitRow,
    SplicedRow,
)
from repro.contract.rows.toy import ToyRow
from repro.contract.written import write_evidence
from tests import (
    planted_erase,
    planted_features,
    planted_interpret,
    planted_ioi,
    planted_ratings,
    planted_steer,
)
from tests.judge_strategies import RUN
from tests.seeds import SEEDS, seeds_of

ALPHAS = (0.0, *(5.0e-4 * 2 ** (i / 2) for i in range(8)))
WIDTHS = (0.5, 1.0, 2.0, 4.0)
FULL_GRID = 2.0
"""Width at which every penalty is tried; the others have every second one, and never none."""
KS = (8, 16, 32, 64, 128, 256, 512)
DOCUMENTS = tuple(range(25))
DIMENSION = 64
TOKENS = 100
CLEAN_LOSS = 3.0
PLANTED_FROZEN_ERROR = 3.0
"""Error of a random decoder over that of a trained one where features are planted."""
COMPONENTS_LOSS = 1.5
"""Nats a token added by the reconstruction from 64 components."""

SCOPE = Scope(
    model="planted",
    text="planted",
    sources={"train": {"planted": 1.0}, "heldout": {"planted": 1.0}},
    bos="none",
    sites={
        "early": "blocks.0.hook_resid_post",
        "middle": "blocks.1.hook_resid_post",
        "late": "blocks.2.hook_resid_post",
    },
    tokens={"train": 0, "heldout": TOKENS * len(DOCUMENTS)},
    seeds=list(SEEDS),
    device="none",
    max_logit_difference=0.0,
    is_paper_setting=False,
)


@dataclass(frozen=True)
class World:
    """What is true; the defaults make every decided claim true."""

    dip: float = 0.0
    """How far ln FVU falls at one middle penalty; beyond one step it is not monotone."""
    knee: float = 0.0
    """Change of slope of ln FVU in ln L0 at one middle penalty."""
    sae_error: float = 1.0
    """Factor on the error of all dictionaries of the method, whoever trains them."""
    beside_reference: float | None = 1.0
    """Error of our dictionary over that of the field's own trainer; none where that is missing."""
    width_gain: float = 0.15
    """Fall of ln FVU at each doubling of the width."""
    alive_share: float = 0.98
    """Share of features alive without a penalty, at every width."""
    dying: float = 0.01
    """Share of features that die at each step of the penalty."""
    duplicated_share: float = 0.05
    """Share of alive features with a duplicate."""
    frequent_share: float = 0.6
    """Share of the trained dictionary's units that fire on a hundredth of the tokens."""
    effective_share: float = 0.8
    """Share of them whose removal matters."""
    shrinkage: float = 0.05
    """Rise of the shrinkage at each step of the penalty."""
    refit_gain: float = 0.2
    """Share of the error that a refit removes."""
    added_loss: float = 0.2
    """Nats a token added at the smallest penalty."""
    frozen_error: float = 3.0
    """Error of the dictionary with a random decoder, over that of the trained one."""
    matched_share: float = 0.8
    """Share of features found again with another seed."""
    recovered_cosine: float = 0.97
    """Mean one-to-one cosine of planted features and the dictionary's."""
    ioi: planted_ioi.World = field(default_factory=planted_ioi.World)
    """Localisation of indirect object identification."""
    features: planted_features.World = field(default_factory=planted_features.World)
    """Features of a single meaning."""
    erase: planted_erase.World = field(default_factory=planted_erase.World)
    """Erasure of a concept."""
    steer: planted_steer.World = field(default_factory=planted_steer.World)
    """Steering by features."""
    interpret: planted_interpret.World = field(default_factory=planted_interpret.World)
    """Interpretability."""
    ratings: planted_ratings.World = field(default_factory=planted_ratings.World)
    """What people say of features."""


TRUE = World()
FALSE = {
    "c01": (World(interpret=planted_interpret.World(gain=0.0, fade=0.0)),),
    "c02": (World(interpret=planted_interpret.World(gain=-0.05, fade=0.0)),),
    "c03": (World(interpret=planted_interpret.World(left=0.2)),),
    "c04": (
        World(interpret=planted_interpret.World(fade=0.0)),
        World(interpret=planted_interpret.World(fade=-0.06)),
    ),
    "k01": (World(interpret=planted_interpret.World(reinitialised=0.52)),),
    "c11": (World(features=planted_features.World(precision=0.5)),),
    "c13": (
        World(features=planted_features.World(purity=0.4)),
        World(features=planted_features.World(matched_purity=0.4)),
    ),
    "c12": (World(features=planted_features.World(hit=0.1)),),
    "c24": (World(features=planted_features.World(fall=0.03)),),
    "c23": (World(steer=planted_steer.World(shift=0.15, rate=0.1)),),
    "c25": (World(erase=planted_erase.World(sae=0.04)),),
    "k06": (World(features=planted_features.World(absorbed=0.01)),),
    # A dip that both curves have is not told from an error of interpolation: a worse reference.
    "c14": (World(dip=0.9, beside_reference=0.8), World(knee=2.0)),
    "c15": (World(sae_error=6.0),),
    "c16": (World(width_gain=0.0),),
    "c17": (World(alive_share=0.5),),
    "c18": (World(dying=0.0),),
    "c19": (World(duplicated_share=0.0),),
    "c20": (World(shrinkage=0.0), World(refit_gain=0.0)),
    "c21": (World(added_loss=0.01),),
    "c22": (World(recovered_cosine=0.6),),
    "c05": (World(ratings=planted_ratings.World(sae=0.2)),),
    "c06": (World(ioi=planted_ioi.World(sae_area=1.2)),),
    "c07": (World(ioi=planted_ioi.World(sae_edit=0.5)),),
    "c08": (World(ioi=planted_ioi.World(plain_area=0.3)),),
    "c09": (World(ioi=planted_ioi.World(floor_rise=0.0)),),
    "c10": (World(ioi=planted_ioi.World(shift=0.02)),),
    "k02": (
        World(frozen_error=1.0),
        World(ioi=planted_ioi.World(frozen_area=0.4)),
        World(interpret=planted_interpret.World(frozen=0.55)),
    ),
    "k03": (
        World(ioi=planted_ioi.World(neurons_area=0.4)),
        World(ioi=planted_ioi.World(random_topk_area=0.4)),
    ),
    "k04": (World(matched_share=0.2),),
}
"""Worlds in which a claim is false, each in one way."""
UNFAIR = {
    "near the reference trainer's frontier": {
        "far from the frontier": World(beside_reference=1.5),
        "without a frontier": World(beside_reference=None),
    },
    "its units fire": {"collapsed": World(frequent_share=0.05)},
    "its units matter": {"idle": World(effective_share=0.3)},
}
"""By the precondition that tells it: worlds whose dictionaries nobody would use."""
WITHOUT_THE_TASK = World(ioi=planted_ioi.World(floor=2.0))
"""A world in which two thirds of the KL are left whatever dictionary is patched as a whole."""


class _Noise:
    """Multiplicative noise, shared by the rows of a document or a seed, plus a little of each."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)
        self.of_document = self.generator.normal(0, 0.02, len(DOCUMENTS))
        self.of_seed = self.generator.normal(0, 0.005, len(SEEDS))

    def __call__(self, seed: int, document: int) -> float:
        own = self.generator.normal(0, 0.005)
        return float(np.exp(self.of_document[document] + self.of_seed[seed] + own))


def write_world(folder: Path, world: World, *, profile: str = "planted") -> None:
    """Write the tables of one world."""
    tables = {
        "fidelity": list(_fidelity(world, _Noise(1))),
        "refit": list(_refit(world, _Noise(2))),
        "dictionaries": list(_dictionaries(world)),
        "agreement": list(_agreement(world)),
        "spliced": list(_spliced(world, _Noise(3))),
        "toy": list(_toy(world)),
        **planted_ioi.tables(world.ioi),
        **planted_interpret.tables(world.interpret),
        **planted_features.tables(world.features),
        **planted_erase.tables(world.erase),
        **planted_steer.tables(world.steer),
        "ratings": list(planted_ratings.ratings(world.ratings)),
    }
    for name, rows in tables.items():
        write_evidence(
            folder,
            name,
            rows,
            counts={"scored": len(rows)},
            scope=None if name == "toy" else SCOPE,
            provenance={"profile": profile, **RUN},
        )


def _key(**given):
    """The key of a dictionary; what is not given is that of the trained one without a penalty."""
    plain = {
        "site": "middle",
        "method": "sae",
        "alpha": 0.0,
        "k": 0,
        "expansion_factor": 2.0,
        "seed": 0,
    }
    return {**plain, **given}


def _widths_at(rank: int) -> tuple[float, ...]:
    return WIDTHS if rank % 2 else (FULL_GRID,)


def _sae_fvu(world: World, rank: int, width: float) -> float:
    log = -3.3 + 0.25 * rank - world.width_gain * np.log2(width / 2)
    log -= world.dip * (rank == 5)
    log += 0.35 * world.knee * max(0, rank - 4)
    return float(world.sae_error * np.exp(log))


def _l0(rank: int) -> float:
    return 400.0 * float(np.exp(-0.35 * rank))


def _reference(world: World) -> Iterator[tuple[dict, float, float]]:
    """Key, FVU and L0 of what the field's own trainer makes of the same activations."""
    if world.beside_reference is None:
        return
    for rank, alpha in enumerate(ALPHAS[1:], 1):
        key = _key(method="saelens_standard", alpha=alpha)
        yield key, _sae_fvu(world, rank, 2.0) / world.beside_reference, _l0(rank)


def _planted_width_fvu(rank: int, width: float) -> float:
    return float(np.exp(-2.5 + 0.25 * rank - 0.5 * min(0.0, np.log2(width))))


def _planted_knee_fvu(rank: int) -> float:
    return float(np.exp(-4.0 + 0.05 * rank + 0.9 * max(0, rank - 4)))


def _curves(world: World) -> Iterator[tuple[dict, float, float, float]]:
    """Key of a dictionary without its seed, its FVU, L0 and shrinkage."""
    for rank, alpha in enumerate(ALPHAS):
        shrinkage = 1.0 + world.shrinkage * rank
        for width in _widths_at(rank):
            key = _key(alpha=alpha, expansion_factor=width)
            yield key, _sae_fvu(world, rank, width), _l0(rank), shrinkage
            planted = _key(site="planted_width", alpha=alpha, expansion_factor=width)
            yield planted, _planted_width_fvu(rank, width), _l0(rank), shrinkage
        knee = _key(site="planted_knee", alpha=alpha)
        yield knee, _planted_knee_fvu(rank), _l0(rank), shrinkage
        for site, fvu in (
            ("middle", _sae_fvu(world, rank, 2.0) * world.frozen_error),
            ("planted_width", _planted_width_fvu(rank, 2.0) * PLANTED_FROZEN_ERROR),
        ):
            frozen = _key(site=site, method="sae_random_decoder", k=round(_l0(rank)))
            yield frozen, fvu, _l0(rank), 1.0
    for key, fvu, l0 in _reference(world):
        yield key, fvu, l0, 1.0
    for k in KS:
        topk = float(np.exp(-np.sqrt(k / 60)))
        yield _key(method="pca_topk", k=k, expansion_factor=1.0), topk, k, 1.0
        yield _key(method="pca_static", k=k, expansion_factor=1.0), topk**0.7, k, 1.0
        yield _key(method="random_topk", k=k), 0.97 - k / 5000, k, 1.0


def _fidelity(world: World, noise: _Noise) -> Iterator[FidelityRow]:
    for key, fvu, l0, shrinkage in _curves(world):
        for seed in seeds_of(key["method"]):
            for document in DOCUMENTS:
                variance = TOKENS * DIMENSION * (1 + document / 50)
                error = fvu * variance * noise(seed, document)
                dot = variance * (1 + noise(seed, document)) / 2
                length = dot if key["k"] else dot * (1 + 0.001 * (noise(seed, document) - 1))
                yield FidelityRow(
                    **{**key, "seed": seed},
                    document=document,
                    n_tokens=TOKENS,
                    active=l0 * TOKENS * noise(seed, document),
                    code_l1=l0 * TOKENS,
                    squared_error=error,
                    variance=variance,
                    squared_error_normalised=error,
                    variance_normalised=variance,
                    x_dot_reconstruction=dot * shrinkage,
                    reconstruction_dot_reconstruction=length,
                )


def _refit(world: World, noise: _Noise) -> Iterator[RefitRow]:
    for rank, alpha in enumerate(ALPHAS):
        for seed in SEEDS:
            for document in DOCUMENTS:
                before = TOKENS * DIMENSION * 0.1 * (1 + rank + 1e-6 * (seed + 3 * document))
                yield RefitRow(
                    **_key(alpha=alpha, seed=seed),
                    document=document,
                    n_tokens=TOKENS,
                    squared_error_before=before,
                    squared_error_after=before * (1 - world.refit_gain * noise(seed, document)),
                )


def _dictionary(
    key: dict, alive: float, duplicated: float, null: float, use: tuple[float, float] = (0.6, 0.8)
) -> DictionaryRow:
    size = round(1000 * key["expansion_factor"])
    frequent, effective = use
    n_alive = round(size * alive)
    return DictionaryRow(
        **key,
        n_tokens=TOKENS * len(DOCUMENTS),
        n_features=size,
        n_alive=n_alive,
        n_silent=(size - n_alive) // 2,
        n_dense=3,
        n_frequent=round(size * frequent),
        n_effective=round(size * effective),
        n_duplicated=round(n_alive * duplicated),
        n_duplicated_null=round(n_alive * null),
        n_pairs=n_alive * (n_alive - 1) // 2,
        n_duplicate_pairs=round(n_alive * duplicated / 2),
    )


def _dictionaries(world: World) -> Iterator[DictionaryRow]:
    for seed in SEEDS:
        shift = 0.002 * (seed - 1)
        for rank, alpha in enumerate(ALPHAS):
            for width in _widths_at(rank):
                alive = world.alive_share - world.dying * rank + shift
                share = max(0.0, world.duplicated_share + shift * (world.duplicated_share > 0))
                key = _key(alpha=alpha, expansion_factor=width, seed=seed)
                use = (world.frequent_share + shift, world.effective_share + shift)
                yield _dictionary(key, alive, share, 0.0, use)
        mid, use = ALPHAS[4], (0.6 + shift, 0.8 + shift)
        for method, alive, share in (("sae_frozen_dead", 0.49, 0.0), ("sae_duplicated", 0.95, 0.2)):
            yield _dictionary(_key(method=method, alpha=mid, seed=seed), alive, share, 0.0, use)
        yield _dictionary(_key(method="random", seed=seed), 1.0, 0.0, 0.0, (1.0, 1.0))


def _agreement(world: World) -> Iterator[AgreementRow]:
    pairs = [(a, b) for a in SEEDS for b in SEEDS if a < b]
    for alpha in ALPHAS:
        for a, b in pairs:
            share = world.matched_share + 0.01 * (a + b - 2)
            yield _pair("sae", alpha, a, b, share)
    for a, b in pairs:
        yield _pair("random", 0.0, a, b, 0.0)
    for seed in SEEDS:
        yield _pair("permuted", ALPHAS[4], seed, seed, 1.0)


def _pair(method: str, alpha: float, a: int, b: int, share: float) -> AgreementRow:
    return AgreementRow(
        site="middle",
        method=method,
        alpha=alpha,
        expansion_factor=2.0,
        seed_a=a,
        seed_b=b,
        n_features=1000,
        n_matched=round(1000 * share),
        cosine=1000 * (0.4 + 0.5 * share),
    )


def _spliced(world: World, noise: _Noise) -> Iterator[SplicedRow]:
    for rank, alpha in enumerate(ALPHAS):
        added = world.added_loss * (0.5 if rank == 0 else rank)
        for seed in SEEDS:
            for document in DOCUMENTS:
                key = _key(alpha=alpha, seed=seed)
                yield _loss(key, document, added * noise(seed, document))
    for document in DOCUMENTS:
        yield _loss(_key(method="identity", expansion_factor=1.0), document, 0.0)
        for seed in SEEDS:
            components = _key(method="pca_topk", k=64, seed=seed)
            yield _loss(components, document, COMPONENTS_LOSS * noise(seed, document))


def _loss(key: dict, document: int, added: float) -> SplicedRow:
    clean = TOKENS * CLEAN_LOSS * (1 + document / 100)
    return SplicedRow(
        **key,
        document=document,
        n_predictions=TOKENS,
        loss_clean=clean,
        loss_spliced=clean + TOKENS * added,
        loss_zero=clean + TOKENS * 8.0,
        loss_mean=clean + TOKENS * 6.0,
    )


def _toy(world: World) -> Iterator[ToyRow]:
    """Two penalties, of which the first reconstructs better; the truth and chance beside them."""
    for seed in SEEDS:
        shift = 0.005 * (seed - 1)
        yield _recovered("sae", 5e-3, seed, 1, world.recovered_cosine + shift)
        yield _recovered("sae", 1e-2, seed, 2, 0.5)
        yield _recovered("random", 0.0, seed, 1, 0.2 + shift)
        yield _recovered("truth", 0.0, seed, 1, 1.0)


def _recovered(method: str, alpha: float, seed: int, rank: int, cosine: float) -> ToyRow:
    return ToyRow(
        regime="independent",
        method=method,
        alpha=alpha,
        expansion_factor=2.0,
        seed=seed,
        fvu_rank=rank,
        n_true=500,
        n_learned=500,
        cosine=500 * cosine,
        n_recovered=round(500 * cosine) if cosine > 0.5 else 0,
        nearest_cosine=500 * min(1.0, cosine + 0.01),
        nearest_cosine_learned=500 * min(1.0, cosine + 0.01),
        active_true=5.0,
        n_tokens=1000,
        active=6000.0,
        squared_error=100.0 * rank,
        variance=1000.0,
    )
