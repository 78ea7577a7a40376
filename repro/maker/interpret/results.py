"""What the items of the stage `interpret` came to."""

from collections.abc import Sequence

from repro.maker.engine.record import Record

Scores = dict[str, dict[str, list[float | None]]]
"""By scorer and variant, a score each block of text; none where it failed."""


class Unit(Record):
    """One drawn unit."""

    unit: int
    """Its number."""
    is_effective: bool
    """Whether it was drawn among units that do something."""
    is_alive: bool
    """Whether it was drawn among those that are alive."""
    density: float
    """Share of the counted tokens on which it fires."""
    effect: float
    """What its removal costs, over an even share of the variance explained."""
    skewness: float
    """Of its activations."""
    kurtosis: float
    """Of its activations."""
    entropy: float
    """Of the tokens on which it fires."""
    scores: Scores
    """Its scores; empty where it fires on too few fragments."""
    matched: Scores
    """The same at equal density."""
    by_budget: dict[str, list[float | None]]
    """Scores by rules on top and random fragments, by budget."""
    rules: list[str]
    """Its explanation by rules."""


class Explained(Record):
    """The drawn units of one dictionary."""

    n_tokens: int
    """Tokens on which firings were counted."""
    active: float
    """Sum over tokens of the units that fire."""
    n_units: int
    """Units of the dictionary."""
    n_dead: int
    """Units that never fire."""
    n_alive: int
    """Units above the number of firings."""
    n_effective: int
    """Units that do something."""
    units: list[Unit]
    """Those that were drawn."""


class Judged(Record):
    """One scorer on planted features of one number of meanings."""

    scores: list[float | None]
    """Score of each on top and random fragments, mean over the blocks; none where not scored."""
    shuffled: list[float | None]
    """The same with the explanation of a feature of other meanings."""


class Spent(Record):
    """What asking a language model cost under one purpose; the same in a replay."""

    requests: int
    """Requests answered, by the endpoint or from transcripts."""
    prompt_tokens: int
    """Tokens asked, as the endpoint counts them."""
    completion_tokens: int
    """Tokens answered."""


class Asking(Record):
    """What an item asked of a language model."""

    spent: dict[str, Spent]
    """By purpose."""
    transcripts: list[str]
    """Keys of the requests, in order."""


class AskedUnit(Record):
    """One unit about which a language model was asked."""

    unit: int
    """Its number."""
    explanation: str
    """What the model says of it; empty where it says nothing, or no scorer wants to know."""
    scores: Scores
    """By each scorer that asks; without variants where it fires on too few fragments."""


class AskedUnits(Record):
    """Those units of one dictionary."""

    units: list[AskedUnit]
    """In the order in which they were drawn."""
    asking: Asking
    """What was asked."""


class AskedPlanted(Record):
    """One scorer that asks, on planted features of one number of meanings."""

    judged: Judged
    """Its scores."""
    asking: Asking
    """What was asked."""


def mean_score(scores: Sequence[float | None]) -> float:
    """Mean over the blocks of text on which there is a score; 0 where there is none."""
    there = [one for one in scores if one is not None]
    return sum(there) / len(there) if there else 0.0
