"""Rows of the tables that the stage `features` writes."""

from typing import ClassVar

from repro.contract.rows.row import DictionaryKey, Single


class FeaturesRow(DictionaryKey):
    """The unit that best fits a class of tokens, on a block of other documents (token sums)."""

    table: ClassVar[str] = "features"

    rate: str
    """Activations as they are (own), or above a threshold so that all fire as often (matched)."""
    target: str
    """Which tokens are searched for."""
    text_block: int
    """Block of documents, the unit that intervals resample together with the seed."""
    feature: int
    """Number of the unit that was found on the other half of the documents."""
    n_candidates: int
    """Units among which was searched."""
    n_tokens: int
    """Tokens of the block; attention sinks are left out."""
    activation: Single
    """Sum of the unit's activation."""
    activation_on_target: Single
    """The part of that sum which is on the target: over activation it is the precision."""
    n_fired: int
    """Tokens on which it fires."""
    n_target: int
    """Tokens that belong to the target."""
    n_fired_on_target: int
    """Of these, tokens on which it fires: over n_target it is the recall."""


class PurityRow(DictionaryKey):
    """How pure the units of a random sample are, on one block of documents (sums over units)."""

    table: ClassVar[str] = "purity"

    rate: str
    """Activations as they are (own), or above a threshold so that all fire as often (matched)."""
    feature_group: int
    """Group of drawn units, a unit of the intervals like text block and seed."""
    text_block: int
    """Block of documents."""
    n_sampled: int
    """Units drawn."""
    n: int
    """Of these, units that fire in the block."""
    purity: Single
    """Sum of the shares of their activation that a few tokens hold, chosen on other documents."""


class LevelRow(DictionaryKey):
    """Tokens on which the unit that was found fires, at one level of activation (figure 4)."""

    table: ClassVar[str] = "feature_levels"

    target: str
    """Which tokens were searched for."""
    feature: int
    """Number of the unit."""
    level: int
    """Tenth of the range from 0 to its largest activation, from 0 to 9."""
    token: str
    """One of the tokens on which it fires most often, or empty for all others."""
    is_on_target: int
    """1 where the tokens counted belong to the target."""
    n: int
    """How often it fires there at this level."""
