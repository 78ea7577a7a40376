"""Rows of the tables that the stage `features` writes."""

from collections.abc import Mapping
from typing import ClassVar

from repro.contract.rows.row import DICTIONARY, Count, DictionaryKey, Flag, Single, SingleSize


class FeaturesRow(DictionaryKey):
    """The unit that best fits a class of tokens, on a block of other documents (token sums)."""

    table: ClassVar[str] = "features"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "rate", "target", "text_block")
    units: ClassVar[tuple[str, ...]] = ("seed", "text_block")
    measured: ClassVar[tuple[str, ...]] = ("activation",)
    at_most: ClassVar[Mapping[str, str]] = {
        "activation_on_target": "activation",
        "n_fired": "n_tokens",
        "n_target": "n_tokens",
        "n_fired_on_target": "n_target",
    }

    rate: str
    """Activations as they are (own), or above a threshold so that all fire as often (matched)."""
    target: str
    """Which tokens are searched for."""
    text_block: Count
    """Block of documents, the unit that intervals resample together with the seed."""
    feature: Count
    """Number of the unit that was found on the other half of the documents."""
    n_candidates: Count
    """Units among which was searched."""
    n_tokens: Count
    """Tokens of the block; attention sinks are left out."""
    activation: SingleSize
    """Sum of the unit's activation."""
    activation_on_target: SingleSize
    """The part of that sum which is on the target: over activation it is the precision."""
    n_fired: Count
    """Tokens on which it fires."""
    n_target: Count
    """Tokens that belong to the target."""
    n_fired_on_target: Count
    """Of these, tokens on which it fires: over n_target it is the recall."""


class PurityRow(DictionaryKey):
    """How pure the units of a random sample are, on one block of documents (sums over units)."""

    table: ClassVar[str] = "purity"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "rate", "feature_group", "text_block")
    units: ClassVar[tuple[str, ...]] = ("seed", "feature_group", "text_block")
    measured: ClassVar[tuple[str, ...]] = ("purity",)
    at_most: ClassVar[Mapping[str, str]] = {"n": "n_sampled", "purity": "n"}

    rate: str
    """Activations as they are (own), or above a threshold so that all fire as often (matched)."""
    feature_group: Count
    """Group of drawn units, a unit of the intervals like text block and seed."""
    text_block: Count
    """Block of documents."""
    n_sampled: Count
    """Units drawn."""
    n: Count
    """Of these, units that fire in the block."""
    purity: SingleSize
    """Sum of the shares of their activation that a few tokens hold, chosen on other documents."""


class LevelRow(DictionaryKey):
    """Tokens on which the unit that was found fires, at one level of activation (figure 4)."""

    table: ClassVar[str] = "feature_levels"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "target", "level", "token", "is_on_target")

    target: str
    """Which tokens were searched for."""
    feature: Count
    """Number of the unit."""
    level: Count
    """Tenth of the range from 0 to its largest activation, from 0 to 9."""
    token: str
    """One of the tokens on which it fires most often, or empty for all others."""
    is_on_target: Flag
    """1 where the tokens counted belong to the target."""
    n: Count
    """How often it fires there at this level."""


class AblationRow(DictionaryKey):
    """What the model says once a target's unit is taken out, in contexts of one block (sums)."""

    table: ClassVar[str] = "feature_ablations"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "target", "text_block")
    units: ClassVar[tuple[str, ...]] = ("seed", "text_block")
    # Both: the few contexts of two blocks may be the same words, the other tokens never are.
    measured: ClassVar[tuple[str, ...]] = ("change", "loss_rise")
    at_most: ClassVar[Mapping[str, str]] = {
        "n_outdone": "n",
        "n_active": "n_contexts",
        "fall": "change",
    }

    target: str
    """The target whose unit it is."""
    text_block: Count
    """Block of documents, a unit of the intervals like the seed."""
    feature: Count
    """Number of the unit that was found on the other half of the documents; 0 for what has none."""
    expected: str
    """Token whose probability the target raises most, on the other half."""
    n: Count
    """1: the block."""
    n_outdone: Count
    """1 where another token's mean log-probability falls at least as much as the expected one's."""
    place: Count
    """Tokens whose mean log-probability falls at least as much, the expected one among them."""
    n_contexts: Count
    """Contexts of the block."""
    n_active: Count
    """Of these, contexts in which the activations at the target are changed."""
    fall: Single
    """Sum over contexts of the fall of the expected token's log-probability, in nats."""
    change: SingleSize
    """Sum over contexts and tokens of the absolute change of log-probability, in nats."""
    edit_norm: SingleSize
    """Sum over tokens of the length of the edit."""
    n_other_tokens: Count
    """Tokens after which another target stands, or none: where a crisp unit should not matter."""
    loss_rise: Single
    """Sum over those tokens of the rise of the loss, in nats."""


class CircuitRow(DictionaryKey):
    """What is left of a feature once earlier ones are ablated (sums over contexts)."""

    table: ClassVar[str] = "circuits"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "feature", "text_block", "ablated", "draw")
    units: ClassVar[tuple[str, ...]] = ("seed", "feature", "text_block")
    measured: ClassVar[tuple[str, ...]] = ("activation",)

    feature: Count
    """Number of the target, in the dictionary that the row names."""
    text_block: Count
    """Block of documents of the contexts, which the search for parents has not seen."""
    ablated: str
    """parents, or random_active: as many other active features, in an edit as long."""
    draw: Count
    """Number of the random set; 0 for parents."""
    n: Count
    """Contexts."""
    n_ablated: Count
    """Features that are ablated together."""
    strength: Single
    """By which what they add is taken out: 1, or what makes random ones as long as the parents."""
    activation: SingleSize
    """Sum of the target's activation with nothing ablated."""
    activation_ablated: SingleSize
    """The same with those features ablated at every token."""
    edit_norm: SingleSize
    """Sum over tokens of the length of what is taken out."""
    parents_norm: SingleSize
    """The same of the parents, in the same contexts."""


class EdgeRow(DictionaryKey):
    """A candidate parent of a feature, in the contexts of the search (sums over contexts)."""

    table: ClassVar[str] = "circuit_edges"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "feature", "parent")
    units: ClassVar[tuple[str, ...]] = ("seed", "feature")
    measured: ClassVar[tuple[str, ...]] = ("attributed",)

    feature: Count
    """Number of the target, in the dictionary that the row names."""
    says: str
    """Tokens that hold most of the target's activation."""
    parent: Count
    """Number of the candidate, in the dictionary of the earlier site with the same seed."""
    parent_says: str
    """Tokens that hold most of its activation."""
    rank: Count
    """Place by exact ablation, from 1: the one that lowers the target most."""
    is_parent: Flag
    """1 for those that are taken."""
    n: Count
    """Contexts."""
    activation: SingleSize
    """Sum of the target's activation."""
    fall: Single
    """Sum of its fall by ablating the candidate alone (exact)."""
    attributed: Single
    """Sum of its fall by attribution (gradient times what is taken out)."""


class AbsorptionRow(DictionaryKey):
    """Words of one first letter that a dictionary's own latents miss (counts of words)."""

    table: ClassVar[str] = "absorption"
    key: ClassVar[tuple[str, ...]] = (*DICTIONARY, "target", "letter")
    units: ClassVar[tuple[str, ...]] = ("seed",)
    measured: ClassVar[tuple[str, ...]] = ("n_silent", "n_kept", "n_false")
    at_most: ClassVar[Mapping[str, str]] = {
        "n_parent_expected": "n_words",
        "n_silent": "n_parent_expected",
        "n_kept": "n_parent_expected",
        "n_false": "n_others",
    }

    target: str
    """first_letter."""
    letter: str
    """The letter."""
    n_words: Count
    """Words that begin with it, none of which the search for latents has seen."""
    n_parent_expected: Count
    """Of these, words whose letter a linear probe reads from the activation."""
    n_silent: Count
    """Of those, words on which none of the letter's own latents fires."""
    n_kept: Count
    """Of n_parent_expected, words that are not absorbed: on which one of its own fires, or no other
    latent holds the probe's direction in its place."""
    n_own: Count
    """Latents of the letter's own."""
    n_false: Count
    """Words of other letters on which one of these fires."""
    n_others: Count
    """Words of other letters."""
