"""Work of the stage: search the units of one decomposition, and judge what was found elsewhere."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from repro.contract.rows.features import FeaturesRow, LevelRow, PurityRow
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.engine.job import Job
from repro.maker.engine.record import Record
from repro.maker.engine.result import write_result
from repro.maker.features.planted import planted_codes
from repro.maker.features.purity import likeliest_tokens, purity
from repro.maker.features.search import Fit, added, best_units, fit_of, level_of
from repro.maker.features.targets import members_of
from repro.maker.interpret.draw import GROUPS
from repro.maker.interpret.prepared import read_activations, read_text
from repro.maker.interpret.text import EXPLAIN
from repro.maker.interpret.units import ROWS, counted, drawn_units

LEVELS, TOKENS = 10, 5
"""Of the paper's figure 4: bins of activation, and tokens that are told by name."""


class How(Record):
    """What is the same for every decomposition of a run."""

    text: Path
    """Result of the text; its name is its hash."""
    targets: list[str]
    """Classes of tokens that are searched for."""
    least_recall: float
    """Share of a target on which a unit must fire to be taken for it."""
    n_drawn: int
    """Units drawn at random for purity."""
    alive_firings: int
    """A unit is alive above so many firings."""
    effective_share: float
    """A unit does something from this part of an even share."""
    matched_density: float
    """Share of tokens on which all fire where densities are equal."""
    token_set: int
    """Tokens that may hold a unit's activation."""
    seed: int
    """Seed of draws."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


class FeaturesJob(Job):
    """One decomposition."""

    asked: Asked
    """The decomposition."""
    method: str
    """How the tables call it."""
    read: Path
    """Result of the forward pass; its name is its hash."""
    is_shuffled: bool
    """Whether tokens are shuffled, so that there is nothing to find."""
    tells_levels: bool
    """Whether its levels of activation are told."""
    how: How
    """What is the same for all."""

    @property
    def key(self) -> dict[str, Any]:
        """What names it in the tables."""
        return self.asked.key | {"method": self.method}


class PlantedJob(Job):
    """Units of known meaning over the same text."""

    site: str
    """Where the tables put them."""
    how: How
    """What is the same for all."""

    @property
    def key(self) -> dict[str, Any]:
        """What names it in the tables."""
        key = {"alpha": 0.0, "k": 0, "expansion_factor": 1.0, "seed": 0}
        return {"site": self.site, "method": "planted", **key}


class Found(Record):
    """What an item came to."""

    features: list[FeaturesRow]
    """The unit found for each target, by block."""
    purity: list[PurityRow]
    """The random sample, by group and block."""
    levels: list[LevelRow]
    """Levels of activation of the units found."""


class Codes(NamedTuple):
    """Every unit on every token that is no attention sink."""

    a: Float[Tensor, "token unit"]
    """Activations."""
    ids: Int[np.ndarray, " token"]
    """Token ids."""
    block: Int[np.ndarray, " token"]
    """-1 where is searched; 0, 1, ... where is judged."""

    @property
    def is_searched(self) -> Bool[np.ndarray, " token"]:
        """Tokens of the half on which is searched."""
        return self.block == EXPLAIN


def features_item(job: FeaturesJob, folder: Path) -> None:
    """Work: rows of one decomposition."""
    torch.set_num_threads(job.how.threads)
    text, _ = read_text(job.how.text)
    x, is_kept = read_activations(job.read, job.asked.of.site)
    decomposition = decomposition_of(job.asked)
    kept = is_kept.flatten()
    rows = x.flatten(0, 1)[kept]
    a = torch.cat([decomposition.encode(part.float()) for part in rows.split(ROWS)])
    ids, block = (
        text.ids.ravel()[kept.numpy()],
        _block_of_tokens(text.ids, text.block)[kept.numpy()],
    )
    if job.is_shuffled:
        ids = _shuffled_within(ids, block, job.how.seed)
    codes = Codes(a, ids, block)
    found = counted(decomposition, rows[torch.from_numpy(codes.is_searched)])
    is_effective = (found.firings > job.how.alive_firings) & (
        found.effect >= job.how.effective_share
    )
    seed = [job.how.seed, job.asked.seed, 0]
    drawn = drawn_units(is_effective, job.how.n_drawn, seed)
    write_result(folder, measured(job.key, job.how, codes, text.pieces, drawn, job.tells_levels))


def planted_item(job: PlantedJob, folder: Path) -> None:
    """Work: rows of the planted units."""
    torch.set_num_threads(job.how.threads)
    text, _ = read_text(job.how.text)
    ids, block = text.ids.ravel(), _block_of_tokens(text.ids, text.block)
    a = planted_codes(ids, text.pieces, job.how.targets, job.how.n_drawn, job.how.seed)
    drawn = np.arange(len(job.how.targets), a.shape[1])
    codes = Codes(torch.from_numpy(a), ids, block)
    write_result(folder, measured(job.key, job.how, codes, text.pieces, drawn, tells_levels=False))


def measured(
    key: Mapping[str, Any],
    how: How,
    codes: Codes,
    pieces: Sequence[str],
    drawn: Int[np.ndarray, " n"],
    tells_levels: bool,
) -> Found:
    """All rows of one decomposition, from what its units do."""
    members = np.stack([members_of(target, pieces) for target in how.targets], axis=1)
    is_in = torch.from_numpy(members[codes.ids])
    level = level_of(codes.a[torch.from_numpy(codes.is_searched)], how.matched_density)
    features: list[FeaturesRow] = []
    pure: list[PurityRow] = []
    levels: list[LevelRow] = []
    for rate, bound in (("own", torch.zeros_like(level)), ("matched", level)):
        chosen = best_units(_fit(codes, is_in, bound), how.least_recall)
        features += _found_rows(key, rate, how, codes, is_in, bound, chosen)
        pure += _purity_rows(key, rate, how, codes, bound, drawn)
        if rate == "own" and tells_levels:
            levels += _level_rows(key, how, codes, members, pieces, chosen)
    return Found(features=features, purity=pure, levels=levels)


def _fit(codes: Codes, is_in: Bool[Tensor, "token target"], bound: Float[Tensor, " unit"]) -> Fit:
    """The sums over all tokens of the half on which is searched, a few tokens at a time."""
    here = torch.from_numpy(np.flatnonzero(codes.is_searched))
    parts = [fit_of(codes.a[rows] - bound, is_in[rows]) for rows in here.split(ROWS)]
    return added(parts)


def _found_rows(
    key: Mapping[str, Any],
    rate: str,
    how: How,
    codes: Codes,
    is_in: Bool[Tensor, "token target"],
    bound: Float[Tensor, " unit"],
    chosen: Int[Tensor, " target"],
) -> Iterator[FeaturesRow]:
    """What the chosen units are worth on each of the other blocks."""
    for block in _judged(codes):
        rows = torch.from_numpy(np.flatnonzero(codes.block == block))
        fit = fit_of(codes.a[rows][:, chosen] - bound[chosen], is_in[rows])
        for i, target in enumerate(how.targets):
            yield FeaturesRow(
                **key,
                rate=rate,
                target=target,
                text_block=block,
                feature=int(chosen[i]),
                n_candidates=codes.a.shape[1],
                n_tokens=len(rows),
                activation=float(fit.activation[i]),
                activation_on_target=float(fit.on_target[i, i]),
                n_fired=int(fit.n_fired[i]),
                n_target=int(fit.n_target[i]),
                n_fired_on_target=int(fit.n_fired_on_target[i, i]),
            )


def _purity_rows(
    key: Mapping[str, Any],
    rate: str,
    how: How,
    codes: Codes,
    bound: Float[Tensor, " unit"],
    drawn: Int[np.ndarray, " n"],
) -> Iterator[PurityRow]:
    """How pure the drawn units are on each of the other blocks."""
    search, judged = np.flatnonzero(codes.is_searched), np.flatnonzero(~codes.is_searched)
    shares: list[Float[np.ndarray, " block"]] = []
    for unit in drawn.tolist():
        a = (codes.a[:, unit] - bound[unit]).clamp_min(0).numpy()
        some = likeliest_tokens(a[search], codes.ids[search], how.token_set)
        shares.append(purity(a[judged], codes.ids[judged], codes.block[judged], some))
    for group in range(min(GROUPS, len(shares))):
        ours = np.stack(shares[group::GROUPS])
        for block in _judged(codes):
            there = ours[np.isfinite(ours[:, block]), block]
            yield PurityRow(
                **key,
                rate=rate,
                feature_group=group,
                text_block=block,
                n_sampled=len(ours),
                n=len(there),
                purity=float(there.sum()),
            )


def _level_rows(
    key: Mapping[str, Any],
    how: How,
    codes: Codes,
    members: Bool[np.ndarray, "vocabulary target"],
    pieces: Sequence[str],
    chosen: Int[Tensor, " target"],
) -> Iterator[LevelRow]:
    """Tokens by level of activation, of the units found, on all other blocks together."""
    for i, target in enumerate(how.targets):
        judged = ~codes.is_searched
        a, ids = codes.a[:, chosen[i]].numpy()[judged], codes.ids[judged]
        ids, a = ids[a > 0], a[a > 0]
        if not len(a):
            continue
        level = np.minimum((a / a.max() * LEVELS).astype(int), LEVELS - 1)
        names, counts = np.unique(ids, return_counts=True)
        told = names[np.argsort(-counts, kind="stable")[:TOKENS]]
        words = np.where(np.isin(ids, told), np.array(pieces, dtype=object)[ids], "")
        table = Counter(zip(level.tolist(), words.tolist(), members[ids, i].tolist(), strict=True))
        for (at, name, on), n in sorted(table.items()):
            yield LevelRow(
                **key,
                target=target,
                feature=int(chosen[i]),
                level=at,
                token=name,
                is_on_target=int(on),
                n=n,
            )


def _judged(codes: Codes) -> list[int]:
    return sorted({*codes.block.tolist()} - {EXPLAIN})


def _block_of_tokens(
    ids: Int[np.ndarray, "fragment token"], block: Int[np.ndarray, " fragment"]
) -> Int[np.ndarray, " token"]:
    return np.repeat(block, ids.shape[1])


def _shuffled_within(
    ids: Int[np.ndarray, " token"], block: Int[np.ndarray, " token"], seed: int
) -> Int[np.ndarray, " token"]:
    """Tokens exchanged at random within each block, so that each stays as common as it is."""
    found, rng = ids.copy(), np.random.default_rng([seed, 0x5F])
    for one in np.unique(block):
        here = np.flatnonzero(block == one)
        found[here] = ids[rng.permutation(here)]
    return found
