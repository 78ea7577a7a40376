"""What the items of the stage `interpret` came to, as its six tables of evidence."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from repro.contract.rows.interpret import (
    BudgetRow,
    InterpretRow,
    PlantedUnitRow,
    SampledRow,
    ScorerRow,
    UnitRow,
)
from repro.maker.interpret.draw import GROUPS
from repro.maker.interpret.results import Explained, Judged, Scores, Unit, mean_score

PLAIN = ("neurons_signed", "random_signed", "pca", "ica")
"""The paper's baselines: one-sided neurons and random directions, signed components."""
TOPK = ("pca_topk", "ica_topk", "neurons_topk", "random_topk")
"""Baselines as wide as the dictionary and, by keeping the largest codes, as sparse."""


class Dictionary(NamedTuple):
    """The drawn units of one dictionary, and how the tables call it."""

    key: dict[str, Any]
    """Site, method, penalty, codes kept, expansion factor and seed."""
    layer: int
    """Block of the language model."""
    found: Explained
    """Its units."""
    asked: Explained | None = None
    """Those about which a language model was asked, with the scores by that; none if it was not."""


class Cell(NamedTuple):
    """Which scores are compared with each other."""

    sampled: str
    rate: str
    scorer: str
    variant: str


class Sums(NamedTuple):
    """Scores of the units of one group on one block."""

    n_sampled: int
    n: int
    score: float


Table = dict[tuple[Cell, int, int], Sums]
"""By cell, group of units and block of text."""
Place = tuple[str, Cell, int, int]
"""A site, and there a cell, group and block."""
Cells = Sequence[tuple[str, str, tuple[str, ...]]]
"""Which units, at which rate, on which fragments."""
CELLS: Cells = (
    ("effective", "own", ("top_and_random", "top_only", "random_only", "unconditional")),
    ("alive", "own", ("top_and_random", "random_only")),
    ("effective", "matched", ("top_and_random",)),
)
"""What is told: which units, at which rate, on which fragments."""
ASKED = CELLS[:1]
"""What is told by scorers that ask a language model."""


def sampled_rows(dictionaries: Sequence[Dictionary]) -> Iterator[SampledRow]:
    """Denominators, under both rules."""
    for one in dictionaries:
        for sampled, n_eligible in (
            ("effective", one.found.n_effective),
            ("alive", one.found.n_alive),
        ):
            units = units_of(one.found, sampled)
            n_scored = sum(bool(unit.scores) for unit in units)
            yield SampledRow(
                **one.key,
                sampled=sampled,
                n_tokens=one.found.n_tokens,
                active=one.found.active,
                n_units=one.found.n_units,
                n_dead=one.found.n_dead,
                n_eligible=n_eligible,
                n_sampled=len(units),
                n_rare=len(units) - n_scored,
                n_scored=n_scored,
            )


def unit_rows(dictionaries: Sequence[Dictionary]) -> Iterator[UnitRow]:
    """One row a drawn unit."""
    for one in dictionaries:
        for unit in one.found.units:
            rules = unit.scores.get("rules", {})
            told = unit.model_dump(
                include={"unit", "density", "effect", "skewness", "kurtosis", "entropy"}
            )
            yield UnitRow(
                **one.key,
                **told,
                is_effective=int(unit.is_effective),
                is_alive=int(unit.is_alive),
                is_scored=int(bool(unit.scores)),
                score=mean_score(rules.get("top_and_random", [])),
                score_random_only=mean_score(rules.get("random_only", [])),
            )


def budget_rows(dictionaries: Sequence[Dictionary]) -> Iterator[BudgetRow]:
    """Scores by rules at every budget, of the units that do something."""
    for one in dictionaries:
        for group, units in grouped(units_of(one.found, "effective")).items():
            for budget in sorted({int(n) for unit in units for n in unit.by_budget}):
                scores = [
                    s
                    for unit in units
                    for s in unit.by_budget.get(str(budget), [])
                    if s is not None
                ]
                yield BudgetRow(
                    **one.key, budget=budget, feature_group=group, n=len(scores), score=sum(scores)
                )


def interpret_rows(
    dictionaries: Sequence[Dictionary],
    ends: Mapping[str, tuple[float, float]],
    n_blocks: int,
    seed: int,
) -> Iterator[InterpretRow]:
    """One row a group of units and block of text, with the best baselines beside it."""
    layers = {one.key["site"]: one.layer for one in dictionaries}
    sums = [all_sums_of(one, n_blocks) for one in dictionaries]
    plain, topk = (
        best_of([(d, s) for d, s in zip(dictionaries, sums, strict=True) if d.key["method"] in m])
        for m in (PLAIN, TOPK)
    )
    for one, table in zip(dictionaries, sums, strict=True):
        site = one.key["site"]
        for (cell, group, block), found in table.items():
            failed, (worst, best) = found.n_sampled - found.n, ends[cell.scorer]
            place = (site, cell, group, block)
            yield InterpretRow(
                **one.key,
                **cell._asdict(),
                **found._asdict(),
                layer=one.layer,
                layer_shuffled=_shuffled(layers, site, [seed, group, block]),
                feature_group=group,
                text_block=block,
                score_worst=found.score + failed * worst,
                score_best=found.score + failed * best,
                score_best_plain=found.n * plain.get(place, 0.0),
                score_best_topk=found.n * topk.get(place, 0.0),
            )


def units_of(found: Explained, sampled: str) -> list[Unit]:
    """The units drawn under a rule, in the order of their numbers."""
    return [unit for unit in found.units if getattr(unit, f"is_{sampled}")]


def grouped(units: Sequence[Unit]) -> dict[int, list[Unit]]:
    """Units by group: the first of each group, then the second, and so on."""
    groups: dict[int, list[Unit]] = defaultdict(list)
    for i, unit in enumerate(units):
        groups[i % GROUPS].append(unit)
    return groups


def all_sums_of(one: Dictionary, n_blocks: int) -> Table:
    """Sums of all drawn units, and of those that were asked about by the scorers that ask."""
    table = sums_of(one.found, n_blocks)
    return table | sums_of(one.asked, n_blocks, ASKED) if one.asked else table


def sums_of(found: Explained, n_blocks: int, cells: Cells = CELLS) -> Table:
    """Sums over the units of each group, on each block, for every cell that has scores."""
    table: Table = {}
    scorers = sorted({name for unit in found.units for name in unit.scores})
    for sampled, rate, variants in cells:
        for group, units in grouped(units_of(found, sampled)).items():
            scores = [unit.matched if rate == "matched" else unit.scores for unit in units]
            for scorer, variant, block in product(scorers, variants, range(n_blocks)):
                told = [one[scorer][variant][block] for one in scores if _has(one, scorer, variant)]
                there = [value for value in told if value is not None]
                cell = Cell(sampled, rate, scorer, variant)
                table[cell, group, block] = Sums(len(units), len(there), sum(there))
    return table


def best_of(baselines: Sequence[tuple[Dictionary, Table]]) -> dict[Place, float]:
    """Mean score, in each place, of the baseline that is best there on all other blocks.

    Chosen on other text than it is compared on, so that the best of several noisy means does not
    look better than it is.
    """
    by_site: dict[str, list[Table]] = defaultdict(list)
    for dictionary, table in baselines:
        by_site[dictionary.key["site"]].append(table)
    found = {}
    for site, tables in by_site.items():
        for cell, block in {(cell, block) for table in tables for cell, _, block in table}:
            best = max(tables, key=lambda table: _mean_elsewhere(table, cell, block))
            for group in range(GROUPS):
                found[site, cell, group, block] = _mean_at(best, cell, group, block)
    return found


def _mean_at(table: Table, cell: Cell, group: int, block: int) -> float:
    """Mean score of a group on a block; of all its groups where none of this one was scored."""
    own = table.get((cell, group, block))
    parts = (
        [own] if own and own.n else [s for (c, _, b), s in table.items() if (c, b) == (cell, block)]
    )
    return _mean_of(parts, 0.0)


def _mean_elsewhere(table: Table, cell: Cell, block: int) -> float:
    parts = [s for (c, _, b), s in table.items() if c == cell and b != block]
    return _mean_of(parts, float("-inf"))


def _mean_of(parts: Sequence[Sums], none: float) -> float:
    n = sum(one.n for one in parts)
    return sum(one.score for one in parts) / n if n else none


def _has(scores: Scores, scorer: str, variant: str) -> bool:
    return variant in scores.get(scorer, {})


def _shuffled(layers: Mapping[str, int], site: str, seed: list[int]) -> int:
    """The layer of a site chosen at random, each site another, anew in every group and block."""
    sites = sorted(layers)
    order = np.random.default_rng(seed).permutation(len(sites))
    return layers[sites[order[sites.index(site)]]]


def scorer_rows(judged: Mapping[tuple[str, int], Judged]) -> Iterator[ScorerRow]:
    """One row a scorer, number of meanings and group of planted features."""
    for (scorer, n_meanings), found in judged.items():
        pure = judged[scorer, 1].scores
        for group in range(min(GROUPS, len(found.scores))):
            ours = [one for one in found.scores[group::GROUPS] if one is not None]
            theirs = [one for one in pure[group::GROUPS] if one is not None]
            shuffled = [one for one in found.shuffled[group::GROUPS] if one is not None]
            pairs = list(product(theirs, ours)) if n_meanings > 1 else []
            yield ScorerRow(
                scorer=scorer,
                n_meanings=n_meanings,
                feature_group=group,
                n=len(ours),
                score=sum(ours),
                n_shuffled=len(shuffled),
                score_shuffled=sum(shuffled),
                n_pairs=len(pairs),
                n_ordered=sum((a > b) + 0.5 * (a == b) for a, b in pairs),
            )


def planted_unit_rows(judged: Mapping[tuple[str, int], Judged]) -> Iterator[PlantedUnitRow]:
    """One row a scorer and planted feature."""
    for (scorer, n_meanings), found in judged.items():
        for i, (own, shuffled) in enumerate(zip(found.scores, found.shuffled, strict=True)):
            yield PlantedUnitRow(
                scorer=scorer,
                n_meanings=n_meanings,
                feature=i,
                is_scored=int(own is not None),
                score=own or 0.0,
                is_scored_shuffled=int(shuffled is not None),
                score_shuffled=shuffled or 0.0,
            )
