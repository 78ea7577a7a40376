"""Work of the stage: count the units of one dictionary, draw some, explain and score them."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from repro.contract.cards import Card, Chosen, write_cards
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.decomposition import Decomposition
from repro.maker.decompositions.registry import decomposition_of
from repro.maker.dictionaries.metrics import removal_cost
from repro.maker.dictionaries.model import decode, encode
from repro.maker.engine.job import Job
from repro.maker.engine.result import write_result
from repro.maker.hook_points import hook_point
from repro.maker.interpret.cards import Seen, card_of
from repro.maker.interpret.case import Case, Scored, Scorer, Text
from repro.maker.interpret.draw import drawn_for
from repro.maker.interpret.entropy import entropy_over_ids
from repro.maker.interpret.moments import kurtosis, skewness
from repro.maker.interpret.prepared import read_activations, read_text, read_unembedding
from repro.maker.interpret.results import Explained, Scores, Unit
from repro.maker.interpret.rules import RulesScorer
from repro.maker.interpret.scorers import scorers_of
from repro.maker.interpret.text import EXPLAIN
from repro.maker.params.interpret import Excerpts, Rules

ROWS = 4096
"""Tokens encoded at once."""


class UnitsJob(Job):
    """The units of one decomposition."""

    asked: Asked
    """The decomposition."""
    site: str
    """How the tables call its site."""
    method: str
    """How the tables call it."""
    hook: str
    """Its hook point."""
    text: Path
    """Result of the text; its name is its hash."""
    read: Path
    """Result of the forward pass; its name is its hash."""
    n_drawn: int
    """Units drawn under each rule."""
    alive_firings: int
    """A unit is alive above so many firings."""
    counted_tokens: int
    """Explaining tokens, at even steps, on which firings and effect are counted."""
    effective_share: float
    """A unit does something from this part of an even share."""
    matched_density: float
    """Share of tokens on which all fire where densities are equal."""
    excerpts: Excerpts
    """Fragments drawn for a unit."""
    rules: Rules
    """The scorer by rules."""
    scorers: list[str]
    """Scorers that are run."""
    vectors: list[Path]
    """Results of encoding the text, where a scorer needs that; their names are their hashes."""
    n_cards: int
    """Units that get a card."""
    listed: dict[Chosen, list[int]]
    """Units on which other stages rest, by stage; they get a card whatever was drawn."""
    seed: int
    """Seed of units and fragments."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""

    @property
    def key(self) -> dict[str, Any]:
        """What names it in the tables of evidence."""
        return self.asked.key | {"site": self.site, "method": self.method}


class Found(NamedTuple):
    """What the scorers made of one unit."""

    scores: Scores
    """As it is."""
    matched: Scores
    """At equal density."""
    by_budget: dict[str, list[float | None]]
    """By rules, at each budget."""
    rules: list[str]
    """The explanation by rules."""


class Counted(NamedTuple):
    """What every unit of a dictionary does on the text."""

    firings: Int[Tensor, " d_sae"]
    """Tokens on which it fires."""
    removal: Float[Tensor, " d_sae"]
    """What its removal adds to the squared error."""
    explained: float
    """Variance minus squared error, over all tokens."""
    n_tokens: int
    """Tokens, sinks left out."""

    @property
    def effect(self) -> Float[Tensor, " d_sae"]:
        """Removal over an even share of the variance explained; 0 where nothing is explained."""
        even = self.explained / len(self.removal)
        return self.removal / even if even > 0 else torch.zeros_like(self.removal)


def units_item(job: UnitsJob, folder: Path) -> None:
    """Work: counts of all units, and those that were drawn with their scores."""
    torch.set_num_threads(job.threads)
    text, predicates = read_text(job.text)
    x, is_kept = read_activations(job.read, job.asked.of.site)
    decomposition = decomposition_of(job.asked)
    some = x[text.block == EXPLAIN][is_kept[text.block == EXPLAIN]]
    found = counted(decomposition, some[:: max(1, len(some) // job.counted_tokens)])
    alive = found.firings > job.alive_firings
    effective = alive & (found.effect >= job.effective_share)
    by_effect, by_firing = (
        drawn_units(one, job.n_drawn, [job.seed, job.asked.seed, i])
        for i, one in enumerate((effective, alive))
    )
    drawn = np.unique(np.concatenate([by_effect, by_firing, *job.listed.values()]).astype(int))
    codes = codes_of(decomposition, x, drawn)
    codes[~is_kept] = 0.0
    of_unit = codes.permute(2, 0, 1).contiguous().numpy()  # each unit's read many times over
    scorers, at_budget = (
        scorers_of(job.scorers, predicates, rules, job.vectors)
        for rules in (job.rules, job.rules.at_budget)
    )
    units = [
        Unit(
            unit=unit,
            is_effective=unit in by_effect,
            is_alive=unit in by_firing,
            density=float(found.firings[unit]) / found.n_tokens,
            effect=float(found.effect[unit]),
            **described(of_unit[place], is_kept.numpy(), text),
            **scored(job, text, of_unit[place], (scorers, at_budget), unit)._asdict(),
        )
        for place, unit in enumerate(drawn.tolist())
    ]
    write_result(folder, _explained(found, alive, effective, units))
    by_rules = RulesScorer.of(predicates, job.rules)
    drawn_first = set(by_effect[: job.n_cards].tolist())
    directions = decomposition.directions
    write_cards(folder, cards_of(job, text, of_unit, units, drawn_first, by_rules, directions))


def cards_of(
    job: UnitsJob,
    text: Text,
    of_unit: Float[np.ndarray, "unit fragment token"],
    units: Sequence[Unit],
    drawn_first: Collection[int],
    rules: RulesScorer,
    directions: Float[Tensor, "d_sae d_in"],
) -> Iterator[Card]:
    """Cards of the units that get one, in order."""
    unembedding = read_unembedding(job.read) if _is_residual(job) else None
    for activations, unit in zip(of_unit, units, strict=True):
        if chosen := chosen_for(unit.unit, drawn_first, job.listed):
            predicted = predicted_of(job, text, activations, rules, unit.unit)
            seen = Seen(text, activations, predicted, directions, unembedding)
            yield card_of(seen, unit, chosen, job.key, job.hook, job.seed)


def chosen_for(
    unit: int, drawn: Collection[int], listed: Mapping[Chosen, Collection[int]]
) -> list[Chosen]:
    """Why a unit gets a card; empty where it gets none."""
    drawn_here: list[Chosen] = ["interpret"] if unit in drawn else []
    return drawn_here + [stage for stage, units in listed.items() if unit in units]


def predicted_of(
    job: UnitsJob,
    text: Text,
    activations: Float[np.ndarray, "fragment token"],
    rules: RulesScorer,
    unit: int,
) -> Float[np.ndarray, "fragment token"] | None:
    """What the rules of a unit predict on all fragments; none where it could not be explained."""
    case = case_of(job, text, activations, unit)
    if not case:
        return None
    explained = rules.explain(case)[job.rules.budget]
    return rules.simulate(explained, np.arange(len(text.ids)))


def case_of(
    job: UnitsJob, text: Text, activations: Float[np.ndarray, "fragment token"], unit: int
) -> Case | None:
    """What every scorer is shown of a unit as it is; none where it fires on too few fragments."""
    drawn = drawn_for(activations, text.block, job.excerpts, _rng(job, unit))
    return Case(text, activations, *drawn) if drawn else None


def _is_residual(job: UnitsJob) -> bool:
    return hook_point(job.hook).is_residual


def _rng(job: UnitsJob, unit: int) -> np.random.Generator:
    """The same for a unit wherever its fragments are drawn."""
    return np.random.default_rng([job.seed, job.asked.seed, unit])


def described(
    activations: Float[np.ndarray, "fragment token"],
    is_kept: Bool[np.ndarray, "fragment token"],
    text: Text,
) -> dict[str, float]:
    """The shape of a unit's activations."""
    above = np.maximum(activations, 0.0)
    return {
        "skewness": skewness(activations[is_kept]),
        "kurtosis": kurtosis(activations[is_kept]),
        "entropy": float(np.nan_to_num(entropy_over_ids(text.ids.ravel(), above.ravel()))),
    }


def _explained(found: Counted, alive: Tensor, effective: Tensor, units: list[Unit]) -> Explained:
    return Explained(
        n_tokens=found.n_tokens,
        active=float(found.firings.sum()),
        n_units=len(found.firings),
        n_dead=int((found.firings == 0).sum()),
        n_alive=int(alive.sum()),
        n_effective=int(effective.sum()),
        units=units,
    )


def counted(decomposition: Decomposition, x: Float[Tensor, "token d_in"]) -> Counted:
    """Firings and effect of every unit, in passes over a few tokens at a time."""
    dictionary, rows = decomposition.dictionary, decomposition.dictionary.W_dec
    firings = torch.zeros(len(rows), dtype=torch.int64)
    removal = torch.zeros(len(rows), dtype=torch.float64)
    error_sum, total, squares = 0.0, torch.zeros(x.shape[-1], dtype=torch.float64), 0.0
    for part in x.split(ROWS):
        z = decomposition.transform.forward(part.float())
        c = encode(dictionary, z)
        error = z - decode(dictionary, c)
        firings += (c != 0).sum(dim=0)
        removal += removal_cost(rows, c, error)
        error_sum += float(error.square().sum())
        total += z.sum(dim=0)
        squares += float(z.square().sum())
    variance = squares - float(total.square().sum()) / len(x)
    return Counted(firings, removal, variance - error_sum, len(x))


def drawn_units(eligible: Tensor, count: int, seed: list[int]) -> Int[np.ndarray, " n"]:
    """At most `count` eligible units, in random order.

    The order is one of all units, so that a unit more or less among the eligible ones, as another
    processor's rounding may have it, leaves the draw of the others alone.
    """
    order = np.random.default_rng(seed).permutation(len(eligible))
    return order[eligible.numpy()[order]][:count]


def codes_of(
    decomposition: Decomposition, x: Float[Tensor, "fragment token d_in"], units: np.ndarray
) -> Float[Tensor, "fragment token n"]:
    """Codes of some units on all fragments; where the largest are kept, of all at first."""
    chosen = torch.from_numpy(units)
    dictionary = decomposition.dictionary
    if dictionary.activation != "topk":
        few = dictionary._replace(W_enc=dictionary.W_enc[chosen], b_enc=dictionary.b_enc[chosen])
        decomposition, chosen = replace(decomposition, dictionary=few), slice(None)
    parts = [decomposition.encode(p.float())[:, chosen] for p in x.flatten(0, 1).split(ROWS)]
    return torch.cat(parts).unflatten(0, x.shape[:2])


def scored(
    job: UnitsJob,
    text: Text,
    activations: Float[np.ndarray, "fragment token"],
    scorers: tuple[list[Scorer], list[Scorer]],
    unit: int,
) -> Found:
    """Scores of one unit, as it is and above a threshold so that it fires as often as all do.

    The first scorers tell all, for the unit as it is, and the second the score at the budget.
    """
    in_full, at_budget = scorers
    rng = _rng(job, unit)
    own = list(_by_each(job, text, activations, in_full, rng))
    cut = thresholded(activations, job.matched_density)
    matched = list(_by_each(job, text, cut, at_budget, rng))
    rules = next((one for name, one in own if name == "rules"), None)
    return Found(
        scores={name: told(one) for name, one in own},
        matched={name: told(one) for name, one in matched},
        by_budget={str(n): _finite(s) for n, s in rules.by_budget.items()} if rules else {},
        rules=list(rules.explanation) if rules else [],
    )


def _by_each(
    job: UnitsJob, text: Text, activations: np.ndarray, scorers: list[Scorer],
    rng: np.random.Generator,
) -> Iterator[tuple[str, Scored]]:  # fmt: skip
    drawn = drawn_for(activations, text.block, job.excerpts, rng)
    if drawn:
        case = Case(text, activations, *drawn)
        yield from ((scorer.name, scorer(case)) for scorer in scorers)


def thresholded(
    activations: Float[np.ndarray, "fragment token"], density: float
) -> Float[np.ndarray, "fragment token"]:
    """What is above the level that so large a share of the tokens exceeds; never below zero.

        max(a - max(q, 0), 0),   q the (1 - density) quantile over all tokens

    A unit that fires on fewer tokens is left as it is.
    """
    level = np.quantile(activations, 1 - density, method="higher")
    return np.maximum(activations - max(float(level), 0.0), 0.0)


def told(found: Scored) -> dict[str, list[float | None]]:
    """Scores as results and tables have them: none where the scorer failed."""
    return {variant: _finite(scores) for variant, scores in found.scores.items()}


def _finite(scores: tuple[float, ...]) -> list[float | None]:
    return [None if math.isnan(one) else one for one in scores]
