"""Rows of the tables that the stage `ioi` writes.

Sums over pairs of prompts are stored, so that every mean over draws and seeds is exact. A pair is a
clean prompt (the paper's base) and a counterfactual one (its target) of equal length; patching
moves the clean run towards the counterfactual. `KL` is D(patched || counterfactual) at the last
position, in nats (section 4.1 of the paper).
"""

from collections.abc import Mapping
from typing import ClassVar

from repro.contract.rows.row import Count, Flag, Row, Size

LOCALISATION = (
    "site",
    "method",
    "alpha",
    "expansion_factor",
    "seed",
    "corruption",
    "selection",
    "draw",
    "order",
)
"""Columns that name a localisation."""


class PromptRow(Row):
    """A pair of prompts, and what the untouched model says to it."""

    table: ClassVar[str] = "ioi_prompts"
    key: ClassVar[tuple[str, ...]] = ("draw", "corruption", "split", "pair")
    units: ClassVar[tuple[str, ...]] = ("draw",)
    at_most: ClassVar[Mapping[str, str]] = {"correct": "n_prompts", "n_changed": "n_tokens"}

    draw: Count
    """Seed of the prompt set."""
    corruption: str
    """What the counterfactual changes: io (the paper's), swapped (IO with S), all (names)."""
    split: str
    """select (features are chosen on it) or heldout (everything is measured on it)."""
    pair: Count
    """Place in its split."""
    template: str
    """Name of the sentence form, such as abba-07."""
    io: str
    """Indirect object of the clean prompt, the right answer."""
    subject: str
    """Subject of the clean prompt, the wrong answer."""
    counterfactual_io: str
    """Right answer of the counterfactual prompt."""
    counterfactual_subject: str
    """Wrong answer of the counterfactual prompt."""
    clean: str
    """The clean prompt."""
    counterfactual: str
    """The counterfactual prompt."""
    n_prompts: Count
    """1: the denominator of accuracy."""
    n_tokens: Count
    """Tokens of either prompt."""
    n_changed: Count
    """Tokens from the first one that differs to the last."""
    correct: Flag
    """Whether the untouched model finds IO likelier than S after the clean prompt: 0 or 1."""
    logit_difference: float
    """Logit of IO less that of S after the clean prompt."""
    kl_clean: Size
    """KL of the untouched clean output to the counterfactual output."""


class LocalisationKey(Row):
    """What names one localisation: decomposition, way of choosing features, and prompts."""

    site: str
    """Role of the site, or planted (a linear read-out of known causes)."""
    method: str
    """sae, sae_random_decoder, pca, pca_signed, ica, neurons, random, random_topk, identity, ..."""
    alpha: Size
    """L1 coefficient; 0 where there is no penalty."""
    expansion_factor: Size
    """Dictionary size over the dimension of the activations (R)."""
    seed: Count
    """Seed of the dictionary; 0 for methods without randomness."""
    corruption: str
    """What the counterfactual prompt changes: io, swapped or all."""
    selection: str
    """How features were chosen: attribution, elimination (the paper's), greedy, or none."""
    draw: Count
    """Seed of the prompt set."""
    order: Count
    """Seed of the order in which elimination visits features; 0 elsewhere."""


class LocalisedRow(LocalisationKey):
    """A row of one localisation, with what its setting was found able to do."""

    outcomes: ClassVar[Mapping[str, float]] = {"carries": 0.0}

    carries: Flag
    """1 where, with all features of the setting patched, at most half of the KL is left on the
    select prompts, all seeds and draws together; 0 where its reconstruction has lost the task."""


class CurveRow(LocalisedRow):
    """One point of a curve: the best features patched, on held-out prompts (sums over pairs)."""

    table: ClassVar[str] = "ioi_curves"
    key: ClassVar[tuple[str, ...]] = (*LOCALISATION, "n_patched")
    units: ClassVar[tuple[str, ...]] = ("seed", "draw")
    measured: ClassVar[tuple[str, ...]] = ("edit_norm",)

    n_patched: Count
    """Features patched, at every token."""
    n: Count
    """Pairs of prompts."""
    kl: Size
    """KL, D(patched || counterfactual)."""
    kl_reverse: Size
    """D(counterfactual || patched)."""
    logit_shift: float
    """Fall of the logit difference, IO less S of the clean prompt, caused by the patch."""
    edit_norm: Size
    """Norm of the change of the activations, over changed tokens."""
    norm: Size
    """Norm of the untouched activations, over the same tokens."""


class IoiRow(LocalisedRow):
    """One curve in short, on held-out prompts (sums over pairs)."""

    table: ClassVar[str] = "ioi"
    key: ClassVar[tuple[str, ...]] = LOCALISATION
    units: ClassVar[tuple[str, ...]] = ("seed", "draw")
    measured: ClassVar[tuple[str, ...]] = ("kl_area",)

    n: Count
    """Pairs of prompts."""
    n_features: Count
    """Features of the decomposition."""
    kl_area: Size
    """Mean of KL over ln(number patched) from 1 to 512 features (trapezoid)."""
    kl_clean: Size
    """KL with nothing patched."""
    kl_floor: Size
    """KL with all features patched."""


class LevelRow(LocalisedRow):
    """What it takes to bring KL down to a share of its unpatched value, on held-out prompts."""

    table: ClassVar[str] = "ioi_levels"
    outcomes: ClassVar[Mapping[str, float]] = {"carries": 0.0, "is_reached": 0.5}
    key: ClassVar[tuple[str, ...]] = (*LOCALISATION, "level")
    units: ClassVar[tuple[str, ...]] = ("seed", "draw")
    measured: ClassVar[tuple[str, ...]] = ("ln_patched", "edit_norm")

    level: Size
    """Share of the unpatched KL."""
    n: Count
    """Pairs of prompts."""
    is_reached: Flag
    """1 where the curve comes down to the level, 0 where its floor lies above."""
    ln_patched: Size
    """Natural logarithm of the features needed, times the pairs; 0 where it is not reached."""
    edit_norm: Size
    """Norm of the change there, over changed tokens; 0 where it is not reached."""
    norm: Size
    """Norm of the untouched activations, over the same tokens."""


class EditRow(LocalisedRow):
    """How an edit with a fixed number of features moves the answer, on held-out prompts."""

    table: ClassVar[str] = "ioi_edits"
    key: ClassVar[tuple[str, ...]] = (*LOCALISATION, "matched")
    units: ClassVar[tuple[str, ...]] = ("seed", "draw")
    measured: ClassVar[tuple[str, ...]] = ("logit_shift", "edit_norm")

    matched: str
    """Of a random edit: the method whose edit it is as long as, at every token; else empty."""
    n_patched: Count
    """Features patched; 0 where the edit has none."""
    n: Count
    """Pairs of prompts."""
    logit_shift: float
    """Fall of the logit difference, IO less S of the clean prompt."""
    logit_shift_counterfactual: float
    """The same fall when the counterfactual prompt itself is read."""
    edit_norm: Size
    """Norm of the change, over changed tokens."""
    norm: Size
    """Norm of the untouched activations, over the same tokens."""


class FeatureRow(LocalisedRow):
    """One of the features that a curve patches first, and what it reacts to."""

    table: ClassVar[str] = "ioi_features"
    key: ClassVar[tuple[str, ...]] = (*LOCALISATION, "rank")

    rank: Count
    """Place in the order of patching, 1 the first."""
    feature: Count
    """Row of the dictionary."""
    effect: float
    """Attributed change of KL in nats a pair; negative where it brings the counterfactual near."""
    position: str
    """Where most of its attributed effect lies: io, s1, s2, end or other."""
    position_share: float
    """Share of the absolute effect that lies there."""
    names: str
    """Names of the prompts on which it changes most."""
    contexts: str
    """Short stretches of held-out text on which it is most active, its token in brackets."""
