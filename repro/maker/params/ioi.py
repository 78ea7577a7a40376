"""The section `ioi`: what is localised, and how."""

from typing import Annotated, Literal

from pydantic import Field

from repro.maker.params.executor import Executor
from repro.maker.params.section import Count, Role, Section

Baseline = Literal[
    "pca",
    "pca_signed",
    "ica",
    "neurons",
    "random_orthogonal",
    "random_topk",
    "random",
    "mean_difference",
]
"""A decomposition that needs no training."""


class Localisation(Section):
    """Which decompositions are asked for the cause of the answer, and how."""

    site: Role
    """Role of the site at which is patched."""
    dictionaries: dict[str, Annotated[list[Annotated[float, Field(ge=0.0)]], Field(min_length=1)]]
    """Groups of train.groups on that site, each with the penalties that are taken, or of a frozen
    decoder with the one number of codes kept; all seeds."""
    baselines: list[Baseline]
    """Decompositions that need no training."""
    corruption: Literal["io", "swapped", "all"]
    """What the counterfactual changes: the indirect object, both names exchanged, or every name."""
    selection: Literal["attribution", "elimination", "greedy"]
    """How features are put in order, on the select prompts alone."""
    draws: Annotated[list[int], Field(min_length=1)]
    """Seeds of prompt sets."""
    orders: Annotated[list[int], Field(min_length=1)]
    """Seeds of the order in which elimination visits features; [0] for the other two."""
    design: Literal["full", "diagonal"]
    """Every seed with every draw and order, or all three advancing together, the cheaper one."""


class Elimination(Section):
    """The paper's backward elimination: ACDC (Conmy et al. 2023, algorithm 4.1) on a flat graph."""

    thresholds: Annotated[int, Field(ge=2)]
    """Values from the smallest to 1 nats, even in the logarithm; 50 in the authors' code."""
    smallest: Annotated[float, Field(gt=0.0, lt=1.0)]
    """Smallest of them, in nats; 1e-5 in the authors' code. Small ones cost most trials."""
    chunk: Count
    """Features tried together, halved where they fail; 1 is the authors' rule."""


class Ioi(Section):
    """Indirect object identification: which features carry the name that the model repeats."""

    words: str
    """embedded, or a YAML file of names, places, objects and sentence forms."""
    select_pairs: Annotated[int, Field(ge=2)]
    """Pairs of prompts on which features are chosen, a draw."""
    heldout_pairs: Annotated[int, Field(ge=2)]
    """Other pairs, on which everything is measured, a draw."""
    steps: Count
    """Points of the integral of gradients (attribution)."""
    counts: Annotated[list[Count], Field(min_length=2)]
    """Numbers of patched features at which a curve is measured; none and all come on top."""
    levels: Annotated[list[Annotated[float, Field(gt=0.0, lt=1.0)]], Field(min_length=1)]
    """Shares of the unpatched KL for which the features and the edit needed are told."""
    carrying_share: Annotated[float, Field(gt=0.0, lt=1.0)]
    """A setting carries the task where, with all its features patched, at most this share of the
    unpatched KL is left on the select prompts."""
    edited: Count
    """Features patched where the direction of the answer is measured."""
    trial_pairs: Count
    """Select pairs on which elimination and greedy selection try features, at most."""
    greedy_features: Count
    """Features that greedy forward selection takes, the upper reference."""
    greedy_candidates: Count
    """Features of largest attribution from which it takes them."""
    elimination: Elimination
    """How backward elimination goes."""
    listed: Count
    """Features of a curve that are listed with their contexts."""
    batch: Count
    """Prompts a forward pass."""
    dtype: Literal["auto", "bfloat16", "float32"]
    """Arithmetic of the patched passes; float32 keeps small differences of KL."""
    device: Literal["auto", "cpu", "cuda"]
    """Where the language model runs."""
    executor: Executor
    """How the items are spread."""
    plans: Annotated[dict[str, Localisation], Field(min_length=1)]
    """What is localised; an item is one decomposition with one draw and one order."""
