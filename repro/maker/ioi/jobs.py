"""What the items of the ioi stage are told: prompts, means of names, and one localisation each."""

from collections.abc import Mapping
from pathlib import Path

from repro.contract.rows.ioi import LocalisationKey
from repro.maker.activations.loaded import ModelFiles
from repro.maker.decompositions.asked import Asked
from repro.maker.engine.job import Job
from repro.maker.ioi.prompts import Corruption, PromptSplit

ENDS = ("identity", "full_residual")
"""The two ends of the scale: nothing patched, and the activations at the hook point whole."""


class Speaker(Job):
    """A language model, and the words of which prompts are made."""

    model: ModelFiles
    """The language model."""
    words: str
    """embedded, or a YAML file of names, places, objects and sentence forms."""
    words_sha256: str
    """Its hash."""
    bos: int | None
    """Token that begins a prompt, if one does."""


class PromptsJob(Job):
    """The pairs of prompts of one draw and corruption, and what the model makes of them."""

    speaker: Speaker
    """Model and words."""
    draw: int
    """Seed of the pairs."""
    corruption: Corruption
    """What the counterfactual prompt changes."""
    n_pairs: dict[PromptSplit, int]
    """Pairs of each split."""
    hooks: Mapping[str, str]
    """Hook point of each site."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


class NamesJob(Job):
    """The activation at each name, at each site."""

    speaker: Speaker
    """Model and words."""
    hooks: Mapping[str, str]
    """Hook point of each site."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""


class Choosing(Job):
    """How features are chosen, and at which numbers of them a curve is measured."""

    selection: str
    """attribution, elimination or greedy; none at the ends of the scale."""
    order: int
    """Seed of the order in which elimination visits features."""
    steps: int
    """Points of the integral of gradients."""
    counts: list[int]
    """Numbers of patched features at which a curve is measured."""
    levels: list[float]
    """Shares of the unpatched KL for which the features needed are told."""
    edited: int
    """Features patched where the direction of the answer is measured."""
    trial_pairs: int
    """Pairs on which elimination and greedy selection try features."""
    greedy_features: int
    """Features that greedy selection takes."""
    greedy_candidates: int
    """Features of largest attribution from which it takes them."""
    n_thresholds: int
    """Thresholds of elimination."""
    smallest: float
    """Smallest of them, in nats."""
    chunk: int
    """Features that elimination tries together."""


class LocaliseJob(Job):
    """One decomposition with one draw and order."""

    asked: Asked
    """The decomposition; a method of `ENDS` is none."""
    like: Asked | None
    """The dictionary whose L0 on these prompts random top-k directions take."""
    speaker: Speaker
    """Model and words."""
    choosing: Choosing
    """How features are chosen."""
    corruption: Corruption
    """What the counterfactual prompt changes."""
    draw: int
    """Seed of the pairs."""
    hook: str
    """Hook point at which is patched."""
    prompts: Path
    """Result of the prompts' job; its name is its hash."""
    batch: int
    """Prompts a forward pass."""
    listed: int
    """Features that are listed with their contexts."""
    tokens: Path
    """Held-out sequences in which contexts are looked for."""
    tokens_sha256: str
    """Their hash."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""

    @property
    def key(self) -> LocalisationKey:
        """What names it in the tables of evidence."""
        asked = self.asked
        return LocalisationKey(
            site=asked.of.site,
            method=asked.method,
            alpha=asked.alpha,
            expansion_factor=asked.expansion_factor,
            seed=asked.seed,
            corruption=self.corruption,
            selection=self.choosing.selection,
            draw=self.draw,
            order=self.choosing.order,
        )


class PlantedJob(Job):
    """One basis of a linear read-out of known causes."""

    method: str
    """planted, or planted_rotated."""
    draw: int
    """Seed of the read-out."""
    choosing: Choosing
    """How features are chosen."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""

    @property
    def key(self) -> LocalisationKey:
        """What names it in the tables of evidence."""
        return LocalisationKey(
            site="planted",
            method=self.method,
            alpha=0.0,
            expansion_factor=1.0,
            seed=self.draw,
            corruption="io",
            selection=self.choosing.selection,
            draw=self.draw,
            order=self.choosing.order,
        )
