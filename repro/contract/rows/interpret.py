"""Rows of the tables that the stage `interpret` writes."""

from typing import ClassVar

from repro.contract.rows.row import DictionaryKey, Row, Single


class InterpretRow(DictionaryKey):
    """Scores of one group of drawn units on one block of text (sums over the units)."""

    table: ClassVar[str] = "interpret"

    layer: int
    """Block of the language model."""
    layer_shuffled: int
    """Block of another site, at random: the label without meaning."""
    sampled: str
    """Which units are drawn: effective (they do something) or alive (the paper's rule)."""
    rate: str
    """Activations as they are (own), or above a threshold so that all fire as often (matched)."""
    scorer: str
    """Which scorer."""
    variant: str
    """Scoring fragments: top_and_random, top_only, random_only or unconditional."""
    feature_group: int
    """Group of drawn units, the unit that intervals resample together with text and seed."""
    text_block: int
    """Block of documents on which was scored."""
    n_sampled: int
    """Units drawn."""
    n: int
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

    sampled: str
    """Which units are drawn: effective or alive."""
    n_tokens: int
    """Tokens on which firings were counted."""
    active: float
    """Sum over tokens of the number of units that fire; over n_tokens it is L0."""
    n_units: int
    """Units of the dictionary."""
    n_dead: int
    """Units that never fire."""
    n_eligible: int
    """Units among which is drawn."""
    n_sampled: int
    """Units drawn."""
    n_rare: int
    """Of these, units that fire on too few fragments to be explained or scored."""
    n_scored: int
    """Units scored by the rules."""


class UnitRow(DictionaryKey):
    """One drawn unit."""

    table: ClassVar[str] = "units"

    unit: int
    """Its number in the dictionary."""
    is_effective: int
    """1 where it was drawn among units that do something."""
    is_alive: int
    """1 where it was drawn among those that are alive."""
    is_scored: int
    """1 where it fires on enough fragments."""
    density: Single
    """Share of the tokens on which it fires."""
    effect: Single
    """What its removal costs in explained variance, over an even share."""
    skewness: Single
    """Third moment of its activations about zero over variance to the 3/2, as the authors'."""
    kurtosis: Single
    """Fourth moment of its activations about zero over squared variance, as the authors'."""
    entropy: Single
    """Entropy in nats of the tokens on which it fires, weighted by activation."""
    score: Single
    """Mean over blocks of the score by rules on top and random fragments; 0 if not scored."""
    score_random_only: Single
    """The same on random fragments that fire."""


class BudgetRow(DictionaryKey):
    """Scores by rules at one budget (sums over the drawn units of a group)."""

    table: ClassVar[str] = "budgets"

    budget: int
    """Rules an explanation may have."""
    feature_group: int
    """Group of drawn units."""
    n: int
    """Units scored, times blocks of text."""
    score: Single
    """Sum of their scores on top and random fragments."""


class ScorerRow(Row):
    """How well a scorer does on features of known meaning (sums over a group of them)."""

    table: ClassVar[str] = "scorers"

    scorer: str
    """Which scorer."""
    n_meanings: int
    """Unrelated meanings of each feature; 1 is pure."""
    feature_group: int
    """Group of features."""
    n: int
    """Features scored."""
    score: Single
    """Sum of their scores on top and random fragments, means over the blocks."""
    n_shuffled: int
    """Features scored with the explanation of another."""
    score_shuffled: Single
    """Sum of those scores."""
    n_pairs: int
    """Pairs of a pure feature of the group and one of these; 0 for pure ones."""
    n_ordered: float
    """Pairs in which the pure one scores higher, ties counted half: over n_pairs the AUROC."""


class PlantedUnitRow(Row):
    """One feature of known meaning, scored by one scorer."""

    table: ClassVar[str] = "planted_units"

    scorer: str
    """Which scorer."""
    n_meanings: int
    """Unrelated meanings of the feature; 1 is pure."""
    feature: int
    """Its number among those of as many meanings."""
    is_scored: int
    """1 where it has a score."""
    score: Single
    """On top and random fragments, mean over the blocks; 0 if not scored."""
    is_scored_shuffled: int
    """1 where it has a score with the explanation of another."""
    score_shuffled: Single
    """That score; 0 if there is none."""
