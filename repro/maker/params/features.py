"""The section `features`: which tokens are searched for, in the units of which decompositions."""

from typing import Annotated, Literal

from pydantic import Field

from repro.maker.params.fragments import Fragments
from repro.maker.params.section import Count, Positive, Share

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
