"""The section `interpret`: which units are explained, on which text, and how they are scored."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from repro.maker.params.fragments import Fragments
from repro.maker.params.llm import Llm
from repro.maker.params.section import Count, Positive, Section, Share, mismatch

Baseline = Literal[
    "neurons_signed",
    "random_signed",
    "pca",
    "ica",
    "pca_signed",
    "ica_signed",
    "neurons_topk",
    "random_topk",
    "pca_topk",
    "ica_topk",
]
"""A decomposition that needs no training."""
Scorer = Literal["rules", "embedding"]
"""A scorer that needs no language model to be asked."""


class Excerpts(Section):
    """Fragments that are drawn for each unit, as many as the paper's or more."""

    explained_top: Count
    """Fragments of the largest activation from which a unit is explained."""
    explained_random: Count
    """Fragments at random among the others in which it fires, from which it is explained too."""
    explained_anywhere: Count
    """Fragments at random, whether it fires or not, from which it is explained too."""
    scored_top: Count
    """Fragments of the largest activation on which it is scored, in each block; 5 in the paper."""
    scored_random: Count
    """Fragments at random among the others in which it fires, in each block; 5 in the paper."""
    scored_anywhere: Count
    """Fragments at random, whether it fires or not, in each block; more, since most are silent."""


class Rules(Section):
    """The explanation by rules, and the simulator that applies it."""

    budget: Count
    """Rules an explanation may have."""
    budgets: Annotated[list[Count], Field(min_length=1)]
    """Other budgets at which the score is shown."""
    shrinkage: Positive
    """Added to the number of tokens under a rule when its strength is fitted: a ridge."""

    @property
    def at_budget(self) -> "Rules":
        """Without the other budgets."""
        return self.model_copy(update={"budgets": [self.budget]})


class Planted(Section):
    """Features of known meaning over the same text, by which scorers are judged beforehand."""

    features: Annotated[int, Field(ge=20)]
    """Features of each number of meanings, from 1 to 5; a multiple of 20 tells most."""
    seed: int
    """Seed of their meanings."""


class Interpret(Fragments):
    """Interpretability of units, scored automatically."""

    dictionaries: dict[str, Annotated[list[Annotated[float, Field(ge=0.0)]], Field(min_length=1)]]
    """Groups of train.groups, each with the penalties, or numbers of codes kept, that are taken."""
    baselines: list[Baseline]
    """Decompositions that need no training, at each site; top-k ones keep as many codes a token as
    the autoencoder of the middle penalty there has."""
    features: Annotated[int, Field(ge=20)]
    """Units drawn of each decomposition, over all its seeds."""
    alive_firings: Count
    """A unit is alive above this many tokens on which it fires; 10 in the paper."""
    counted_tokens: Count
    """Tokens on which firings and effect of all units are counted; drawn ones see all the text."""
    effective_share: Positive
    """A unit does something from this part of an even share of the variance explained."""
    matched_density: Share
    """Share of tokens on which every unit fires where methods are compared at equal density."""
    excerpts: Excerpts
    """Fragments drawn for a unit."""
    rules: Rules
    """The scorer by rules, which the verdicts rest on."""
    scorers: Annotated[list[Scorer], Field(min_length=1)]
    """Scorers that are run on every drawn unit."""
    llm: Llm | None
    """Scorers that ask a language model about some of these; null where none is asked."""
    planted: Planted
    """What scorers are judged by."""
    cards: Count
    """Units of each decomposition that get a page of their own."""

    @model_validator(mode="after")
    def _asks_about_what_is_there(self) -> "Interpret":
        for key, found in (("planted", self.planted.features), ("max_features", self.features)):
            asked = getattr(self.llm, key, 0)
            if asked > found:
                about = "interpret.planted.features" if key == "planted" else "interpret.features"
                told = f"{asked} are asked about, {found} are drawn ({about})"
                raise mismatch(f"llm.{key}", told, f"{found} or fewer")
        return self
