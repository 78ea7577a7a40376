"""The section `steer`: which features are amplified, how strongly, and before which prompts."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from repro.maker.params.fragments import Fragments
from repro.maker.params.section import Count, Positive, Role, Share, mismatch


class Steer(Fragments):
    """Features amplified while the model writes; the text labels them and calibrates strengths."""

    site: Role
    """Role of the site at which is pushed."""
    dictionaries: dict[str, Annotated[list[Positive], Field(min_length=1)]]
    """Groups of train.groups at that site, each with the penalties that are taken; all seeds."""
    random: Count
    """Labelled features drawn at random of each dictionary."""
    best: Count
    """Features of the purest labels of each dictionary, as a user would choose them."""
    alive_firings: Count
    """A unit is alive above this many tokens on which it fires."""
    keywords: Count
    """Words that label a feature at most: those that hold most of its activation."""
    least_purity: Share
    """Share of the activation that these words hold, on other documents, from which they are a
    label."""
    most_common: Share
    """Share of all tokens that these words are at most: what every text says proves nothing."""
    prompts: Annotated[list[str], Field(min_length=3)]
    """Beginnings of texts, none of which has a keyword in mind."""
    tokens_written: Count
    """Tokens that are written after each."""
    equal_norm: Positive
    """Length of the push where all are equally long, over the root mean square of the activations
    around their mean."""
    lengths: Annotated[list[Positive], Field(min_length=3)]
    """Such lengths at which the rise of the loss is measured, ascending, to find the one that costs
    what is allowed."""
    calibrated_tokens: Count
    """Tokens of text on which it is measured."""
    allowed_rise: Positive
    """Rise of the loss that a push may cost, in nats a token."""

    @model_validator(mode="after")
    def _lengths_ascend(self) -> Self:
        if self.lengths != sorted(set(self.lengths)):
            raise mismatch("lengths", f"{self.lengths} do not ascend", "each larger than the last")
        return self
