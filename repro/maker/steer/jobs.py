"""What an item of the stage steer is told: some features of one dictionary, and how to push."""

from pathlib import Path
from typing import Any

from repro.maker.activations.edited import EditedModel
from repro.maker.activations.loaded import ModelFiles
from repro.maker.decompositions.asked import Asked
from repro.maker.engine.job import Job
from repro.maker.engine.record import Record

SEARCHED = ("pca_signed", "neurons_signed")
"""Decompositions whose unit that fits the keywords best is pushed beside the feature."""
RANDOM, PLANTED, PROMPTED = "random_direction", "planted", "prompted"
"""A direction of chance; one along which the keywords are known to rise; no push, but a request in
words before the prompt (AxBench found it to steer best)."""
REQUEST = "Write about {word}.\n"


class Pushing(Record):
    """How features are chosen and pushed, the same for every dictionary."""

    n_random: int
    """Labelled features drawn at random."""
    n_best: int
    """Features of the purest labels."""
    alive_firings: int
    """A unit is alive above so many firings."""
    keywords: int
    """Words of a label at most."""
    least_purity: float
    """Share of the activation that they hold at least."""
    most_common: float
    """Share of all tokens that they are at most."""
    prompts: list[str]
    """Beginnings of texts."""
    tokens_written: int
    """Tokens written after each."""
    equal_norm: float
    """Length of pushes that are equally long."""
    lengths: list[float]
    """Lengths at which the rise of the loss is measured."""
    calibrated_tokens: int
    """Tokens on which it is."""
    allowed_rise: float
    """Rise of the loss that is allowed, in nats a token."""
    least_recall: float
    """Share of the keywords on which a unit of another decomposition must fire to be taken."""
    seed: int
    """Seed of features, directions and continuations."""


class SteerJob(Job):
    """Some features of one dictionary."""

    asked: Asked
    """The dictionary."""
    others: list[Asked]
    """Decompositions whose best units are pushed beside its features."""
    read: Path
    """Result of the forward pass; its name is its hash."""
    edited: EditedModel
    """The model, and where it is pushed."""
    reader: ModelFiles
    """The model in the arithmetic of the harvest, the fastest at reading: losses are its. A rise of
    half a nat a token is far above its rounding; token by token it writes no faster."""
    part: tuple[int, int]
    """Which part of the features, of how many."""
    pushing: Pushing
    """How they are chosen and pushed."""

    @property
    def key(self) -> dict[str, Any]:
        """What names the dictionary in the tables."""
        return self.asked.key
