"""Rows of the tables that the stage `erase` writes."""

from collections.abc import Mapping
from typing import ClassVar

from repro.contract.rows.row import (
    DICTIONARY,
    Cosine,
    Count,
    DictionaryKey,
    Flag,
    Share,
    Single,
    SingleSize,
)


class ErasureKey(DictionaryKey):
    """What names an erasure: who erases, which unit, and how much shall be lost."""

    feature: int
    """Number of the unit that is erased; -1 for what has none."""
    lost: str
    """How much of the score above chance shall be lost on the training names: a quarter, half or
    three_quarters; or once, a whole erasure whatever it does."""


class EraseRow(ErasureKey):
    """What an erasure does to other text, on one block of documents (token sums)."""

    table: ClassVar[str] = "erase"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "lost", "text_block")
    units: ClassVar[tuple[str, ...]] = ("seed", "text_block")
    measured: ClassVar[tuple[str, ...]] = ("kl",)

    text_block: Count
    """Block of documents, a unit of the intervals like the seed."""
    n_tokens: Count
    """Predictions."""
    strength: SingleSize
    """Multiple of a whole erasure."""
    kl: SingleSize
    """Sum of the Kullback-Leibler divergence of the predictions from the clean ones, in nats."""
    kl_whole: SingleSize
    """The same with the mean activation in place of each, the scale on which edits are seen."""


class EraseScoreRow(ErasureKey):
    """What an erasure leaves of a task, for one group of names that it has not seen (sums)."""

    table: ClassVar[str] = "erase_scores"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "lost", "task", "name_group")
    units: ClassVar[tuple[str, ...]] = ("seed", "name_group")
    measured: ClassVar[tuple[str, ...]] = ("score_lost",)
    at_most: ClassVar[Mapping[str, str]] = {
        "n_correct": "n_prompts",
        "n_reached": "n_prompts",
        "score_above_chance": "n_prompts",
        "score_lost": "n_prompts",
        "score_to_lose": "n_prompts",
    }

    task: str
    """gender, which the erasure was fitted on, or pronoun, asked for in another sentence."""
    name_group: Count
    """Group of names, a unit of the intervals like the seed."""
    n_prompts: Count
    """Prompts."""
    n_correct: Count
    """Prompts of which the clean model prefers the right answer."""
    score_above_chance: Single
    """Sum of the clean score, the probability of the right one of two answers, less one half."""
    score_lost: Single
    """Sum of the fall of the score."""
    score_to_lose: Single
    """Sum of the fall that was asked for; for once, of all that is above chance."""
    n_reached: Count
    """Prompts of an erasure that reached that fall on the training names; for once all."""


class EraseFeatureRow(ErasureKey):
    """The unit that an erasure takes, by what it fires on."""

    table: ClassVar[str] = "erase_features"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "lost")
    units: ClassVar[tuple[str, ...]] = ("seed",)

    strength: SingleSize
    """Multiple of a whole erasure at which the score is left."""
    is_reached: Flag
    """1 where that fall of the score is reached by some strength that was tried."""
    score_training: Share
    """Score that a whole erasure leaves on the training names."""
    cosine: Cosine
    """Cosine of its direction with the difference of the class means; 0 for what has no unit."""
    share_male: Share
    """Share of men's training names at whose last token the unit fires."""
    share_female: Share
    """Share of women's."""
