"""The section `features`: which tokens are searched for, in the units of which decompositions."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from repro.maker.params.fragments import Fragments
from repro.maker.params.section import Count, Positive, Section, Share, mismatch, one_of

Target = Literal[
    "apostrophe",
    "closing_parenthesis",
    "opening_parenthesis",
    "opening_quote",
    "comma",
    "full_stop",
    "newline",
    "digits",
    "capitalised_word",
    "dash",
    "the",
    "and",
    "suffix_ing",
    "suffix_ed",
]
"""A class of tokens."""
Searched = Literal[
    "neurons_signed", "random_signed", "pca", "pca_signed", "ica", "ica_signed", "neurons"
]
"""A decomposition that needs no training."""


class Ablated(Section):
    """What the model expects next once the unit of a target is taken out."""

    targets: Annotated[list[Target], Field(min_length=1)]
    """Targets whose unit is taken out, each of features.targets."""
    contexts: Annotated[int, Field(ge=4)]
    """Contexts of each target in which that is judged, one a fragment; the expected token is found
    in four times as many on the other half."""


class OneOfGroup(Section):
    """A dictionary for each seed of a group."""

    group: str
    """Group of train.groups."""
    alpha: Positive
    """Its penalty."""


class Circuits(Section):
    """Which features of an earlier site make a feature of a later one fire."""

    parents: OneOfGroup
    """Dictionaries at the earlier site."""
    children: OneOfGroup
    """Dictionaries at the later site, whose features are the targets."""
    features: Count
    """Targets drawn at random, over all seeds."""
    contexts: Annotated[int, Field(ge=2)]
    """Contexts of a target in each half of the text; 20 in the paper."""
    screened: Count
    """Candidates of largest attribution that are ablated one by one."""
    taken: Count
    """Of these, parents: those whose ablation lowers the target most."""
    draws: Count
    """Sets of random active features, as many as parents and as long."""


class Absorption(Section):
    """Words on which the feature of their first letter is silent (Chanin et al. 2024)."""

    least_words: Annotated[int, Field(ge=2)]
    """Words that a letter has at least, over both halves."""
    most_words: Count
    """Words that are taken, the commonest first."""
    split_gain: Share
    """Rise of F1 from which another latent is one of a letter's own; .03 in the critics' work."""
    least_cosine: Share
    """Cosine of an absorbing latent with the probe's direction from which it counts."""
    least_share: Share
    """Part of the probe's projection that it holds from which it counts."""


class Features(Fragments):
    """Features of a single meaning, by the same search over every decomposition."""

    targets: Annotated[list[Target], Field(min_length=1)]
    """Classes of tokens that are searched for."""
    least_recall: Share
    """Share of a target's tokens on which a unit must fire to be taken for it."""
    dictionaries: dict[str, Annotated[list[Annotated[float, Field(ge=0.0)]], Field(min_length=1)]]
    """Groups of train.groups, each with the penalties, or numbers of codes kept, that are taken."""
    baselines: list[Searched]
    """Decompositions that need no training, at each site; signed ones have as many units as a
    dictionary of twice the dimension."""
    drawn: Annotated[int, Field(ge=20)]
    """Units drawn of each decomposition at random for purity, over all its seeds."""
    alive_firings: Count
    """A unit is alive above this many tokens on which it fires; 10 in the paper."""
    effective_share: Positive
    """A unit does something from this part of an even share of the variance explained."""
    matched_density: Share
    """Share of tokens on which every unit fires where methods are compared at equal density."""
    token_set: Count
    """Tokens that may hold a unit's activation, if it is pure."""
    ablated: Ablated
    """Ablation of the units that were found."""
    circuits: Circuits | None
    """Parents of features; none where one site alone is harvested."""
    absorption: Absorption
    """Absorption of first letters."""

    @model_validator(mode="after")
    def _what_is_ablated_is_searched_for(self) -> Self:
        for target in self.ablated.targets:
            if target not in self.targets:
                found = f"{target} is not searched for"
                raise mismatch("ablated.targets", found, one_of(self.targets))
        return self
