"""Rows of the tables that the stage `interpret` writes."""

from collections.abc import Mapping
from typing import ClassVar

from repro.contract.rows.row import (
    DICTIONARY,
    Count,
    DictionaryKey,
    Flag,
    Row,
    Share,
    Single,
    SingleSize,
    Size,
)


class InterpretRow(DictionaryKey):
    """Scores of one group of drawn units on one block of text (sums over the units)."""

    table: ClassVar[str] = "interpret"
    key: ClassVar[tuple[str, ...]] = (
        *DICTIONARY,
        "sampled",
        "rate",
        "scorer",
        "variant",
        "feature_group",
        "text_block",
    )
    units: ClassVar[tuple[str, ...]] = ("seed", "feature_group", "text_block")
    measured: ClassVar[tuple[str, ...]] = ("score",)
    at_most: ClassVar[Mapping[str, str]] = {
        "n": "n_sampled",
        "score": "n",
        "score_best_plain": "n",
        "score_best_topk": "n",
        "score_worst": "n_sampled",
        "score_best": "n_sampled",
    }

    layer: Count
    """Block of the language model."""
    layer_shuffled: Count
    """Block of another site, at random: the label without meaning."""
    sampled: str
    """Which units are drawn: effective (they do something) or alive (the paper's rule)."""
    rate: str
    """Activations as they are (own), or above a threshold so that all fire as often (matched)."""
    scorer: str
    """Which scorer."""
    variant: str
    """Scoring fragments: top_and_random, top_only, random_only or unconditional."""
    feature_group: Count
    """Group of drawn units, the unit that intervals resample together with text and seed."""
    text_block: Count
    """Block of documents on which was scored."""
    n_sampled: Count
    """Units drawn."""
    n: Count
    """Units scored here; others fire on too few fragments, or the scorer failed."""
    score: Single
    """Sum of their scores."""
    score_worst: Single
    """The same with every unit that was not scored at the worst score."""
    score_best: Single
    """The same with every unit that was not scored at the best score."""
    score_best_plain: Single
    """n times the mean score of the best baseline of the paper's, chosen on the other blocks."""
    score_best_topk: Single
    """n times that of the best baseline as wide and sparse, chosen on the other blocks."""


class SampledRow(DictionaryKey):
    """Denominators of one dictionary: from all its units to those that were scored."""

    table: ClassVar[str] = "sampled"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "sampled")
    units: ClassVar[tuple[str, ...]] = ("seed",)
    at_most: ClassVar[Mapping[str, str]] = {
        "n_dead": "n_units",
        "n_eligible": "n_units",
        "n_sampled": "n_eligible",
        "n_rare": "n_sampled",
        "n_scored": "n_sampled",
    }

    sampled: str
    """Which units are drawn: effective or alive."""
    n_tokens: Count
    """Tokens on which firings were counted."""
    active: Size
    """Sum over tokens of the number of units that fire; over n_tokens it is L0."""
    n_units: Count
    """Units of the dictionary."""
    n_dead: Count
    """Units that never fire."""
    n_eligible: Count
    """Units among which is drawn."""
    n_sampled: Count
    """Units drawn."""
    n_rare: Count
    """Of these, units that fire on too few fragments to be explained or scored."""
    n_scored: Count
    """Units scored by the rules."""


class UnitRow(DictionaryKey):
    """One drawn unit."""

    table: ClassVar[str] = "units"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "unit")
    units: ClassVar[tuple[str, ...]] = ("seed",)
    measured: ClassVar[tuple[str, ...]] = ("density", "effect")

    unit: Count
    """Its number in the dictionary."""
    is_effective: Flag
    """1 where it was drawn among units that do something."""
    is_alive: Flag
    """1 where it was drawn among those that are alive."""
    is_scored: Flag
    """1 where it fires on enough fragments."""
    density: Share
    """Share of the tokens on which it fires."""
    effect: Single
    """What its removal costs in explained variance, over an even share."""
    skewness: Single
    """Third moment of its activations about zero over variance to the 3/2, as the authors'."""
    kurtosis: SingleSize
    """Fourth moment of its activations about zero over squared variance, as the authors'."""
    entropy: SingleSize
    """Entropy in nats of the tokens on which it fires, weighted by activation."""
    score: Single
    """Mean over blocks of the score by rules on top and random fragments; 0 if not scored."""
    score_random_only: Single
    """The same on random fragments that fire."""


class BudgetRow(DictionaryKey):
    """Scores by rules at one budget (sums over the drawn units of a group)."""

    table: ClassVar[str] = "budgets"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "budget", "feature_group")
    units: ClassVar[tuple[str, ...]] = ("seed", "feature_group")
    measured: ClassVar[tuple[str, ...]] = ("score",)
    at_most: ClassVar[Mapping[str, str]] = {"score": "n"}

    budget: Count
    """Rules an explanation may have."""
    feature_group: Count
    """Group of drawn units."""
    n: Count
    """Units scored, times blocks of text."""
    score: Single
    """Sum of their scores on top and random fragments."""


class ScorerRow(Row):
    """How well a scorer does on features of known meaning (sums over a group of them)."""

    table: ClassVar[str] = "scorers"
    key: ClassVar[tuple[str, ...]] = ("scorer", "n_meanings", "feature_group")
    units: ClassVar[tuple[str, ...]] = ("feature_group",)
    measured: ClassVar[tuple[str, ...]] = ("score",)
    at_most: ClassVar[Mapping[str, str]] = {
        "score": "n",
        "score_shuffled": "n_shuffled",
        "n_ordered": "n_pairs",
    }

    scorer: str
    """Which scorer."""
    n_meanings: Count
    """Unrelated meanings of each feature; 1 is pure."""
    feature_group: Count
    """Group of features."""
    n: Count
    """Features scored."""
    score: Single
    """Sum of their scores on top and random fragments, means over the blocks."""
    n_shuffled: Count
    """Features scored with the explanation of another."""
    score_shuffled: Single
    """Sum of those scores."""
    n_pairs: Count
    """Pairs of a pure feature of the group and one of these; 0 for pure ones."""
    n_ordered: Size
    """Pairs in which the pure one scores higher, ties counted half: over n_pairs the AUROC."""


class PlantedUnitRow(Row):
    """One feature of known meaning, scored by one scorer."""

    table: ClassVar[str] = "planted_units"
    key: ClassVar[tuple[str, ...]] = ("scorer", "n_meanings", "feature")
    at_most: ClassVar[Mapping[str, str]] = {
        "score": "is_scored",
        "score_shuffled": "is_scored_shuffled",
    }

    scorer: str
    """Which scorer."""
    n_meanings: Count
    """Unrelated meanings of the feature; 1 is pure."""
    feature: Count
    """Its number among those of as many meanings."""
    is_scored: Flag
    """1 where it has a score."""
    score: Single
    """On top and random fragments, mean over the blocks; 0 if not scored."""
    is_scored_shuffled: Flag
    """1 where it has a score with the explanation of another."""
    score_shuffled: Single
    """That score; 0 if there is none."""
