"""Rows of the tables that the stage `steer` writes."""

from collections.abc import Mapping
from typing import ClassVar

from repro.contract.rows.row import DICTIONARY, Count, DictionaryKey, Flag, Single, SingleSize

PUSH = (*DICTIONARY, "feature", "chosen", "calibration")
"""Columns that name a push."""


class PushKey(DictionaryKey):
    """What names a push: the feature whose meaning is judged, how it was chosen and measured."""

    feature: Count
    """Number of the feature, in the paper's autoencoder that was trained with this penalty and
    seed; pushes of other methods stand beside it for the same keywords."""
    chosen: str
    """random, of the labelled ones, or best, of the purest labels."""
    calibration: str
    """norm, where all pushes are equally long, or loss, where all cost the same on text."""


class SteerRow(PushKey):
    """What a push does to the continuation of one prompt."""

    table: ClassVar[str] = "steer"
    key: ClassVar[tuple[str, ...]] = (*PUSH, "prompt")
    units: ClassVar[tuple[str, ...]] = ("seed", "feature", "prompt")
    measured: ClassVar[tuple[str, ...]] = ("log_odds_shift", "loss_steered")
    at_most: ClassVar[Mapping[str, str]] = {
        "n_with_keyword": "n",
        "n_keywords": "n_tokens",
        "loss_plain": "loss_allowed",
    }

    prompt: Count
    """Number of the prompt, a unit of the intervals like feature and seed."""
    n: Count
    """1: the continuation."""
    length: SingleSize
    """Length of the push over the root mean square of the activations around their mean."""
    log_odds_shift: Single
    """Rise of the log-odds that the next token after the prompt is a keyword, in nats."""
    n_with_keyword: Flag
    """1 where the continuation has a keyword."""
    n_keywords: Count
    """Keywords in it."""
    n_tokens: Count
    """Tokens that were written."""
    loss_steered: SingleSize
    """Sum over them of the loss under the untouched model, in nats."""
    loss_plain: SingleSize
    """The same of as many tokens that the untouched model wrote."""
    loss_allowed: SingleSize
    """That and the allowed rise of the loss, summed over as many tokens."""


class SteerTextRow(PushKey):
    """A continuation beside that of the untouched model, as text."""

    table: ClassVar[str] = "steer_texts"
    key: ClassVar[tuple[str, ...]] = (*PUSH, "prompt")

    prompt: Count
    """Number of the prompt."""
    keywords: str
    """Words that label the feature."""
    beginning: str
    """The prompt."""
    plain: str
    """What the untouched model writes."""
    steered: str
    """What it writes with the push."""
