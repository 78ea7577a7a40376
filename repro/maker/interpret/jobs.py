"""What is on the bench of the stage `interpret`: its inputs, and the jobs made from them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from repro.contract.cards import Card, Chosen, read_cards
from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.draws import draws_of
from repro.maker.decompositions.listed import read_listed
from repro.maker.decompositions.trained import (
    Member,
    asked_of,
    read_trained,
    site_files,
    untrained,
)
from repro.maker.engine.executor import Crew
from repro.maker.engine.provenance import key_of
from repro.maker.engine.result import read_result
from repro.maker.hook_points import hook_point
from repro.maker.interpret.embedding import EmbedJob, embed_item
from repro.maker.interpret.planted import MOST_MEANINGS
from repro.maker.interpret.reading import Reading
from repro.maker.interpret.results import Explained, Judged
from repro.maker.interpret.tables import Dictionary
from repro.maker.interpret.units import UnitsJob
from repro.maker.interpret.validity import JudgeJob
from repro.maker.params.activate import Activate
from repro.maker.params.interpret import Interpret
from repro.maker.params.llm import GOES_ON
from repro.maker.params.setting import Setting
from repro.maker.params.tokenize import Tokenize
from repro.maker.params.train import Train
from repro.maker.source.records import EncoderRecord, read_record
from repro.maker.stage import dumped

PARTS = 4
"""Of the text, encoded side by side."""
UNTRAINED = {"all": "sae_reinitialised_model", "blocks": "sae_step0_model"}
"""How the tables call dictionaries of untrained versions of the language model, by what is drawn
anew; their rows stand at the site of the trained model whose hook point they share."""


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    tokenize: Tokenize
    activate: Activate
    train: Train
    interpret: Interpret


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    fetch: Path
    tokenize: Path
    activate: Path
    train: Path
    ioi: Path
    features: Path
    steer: Path
    erase: Path


class InterpretJobs:
    """What is on the bench: the inputs of the stage and the lists of jobs made from them."""

    def __init__(self, params: Sections, inputs: Inputs, workers: Crew) -> None:
        self.params, self.inputs = params, inputs
        self.settings = params.interpret
        reading = Reading(params, inputs, self.settings, workers)
        self.text, self.on_model = reading.text, reading.on_model
        chosen = self.settings.dictionaries
        members = read_trained(inputs.train).dictionaries
        self.members = [m for m in members if _knob(m) in chosen.get(m.group, ())]
        self.listed = _listed(inputs)
        self.rested_on = [m for m in members if m.sha256 in self.listed]
        self.sites = {
            site: site_files(inputs.train, inputs.activate / site)
            for site in self.on_model
            if any(m.site == site for m in (*self.members, *self.rested_on))
        }
        self.vectors = self._vectors(workers)
        self.read = reading.at(self.sites)

    def validity(self) -> Iterator[JudgeJob]:
        """Every scorer on planted features of one to five meanings."""
        ours = self.settings
        for scorer in ours.scorers:
            for n_meanings in range(1, MOST_MEANINGS + 1):
                yield JudgeJob(
                    scorer=scorer,
                    n_meanings=n_meanings,
                    text=self.text,
                    planted=ours.planted,
                    excerpts=ours.excerpts,
                    rules=ours.rules,
                    vectors=self.vectors,
                    threads=ours.executor.threads,
                )

    def judged(
        self, jobs: Sequence[JudgeJob], results: Sequence[Path]
    ) -> dict[tuple[str, int], Judged]:
        """What the scorers came to, by scorer and number of meanings."""
        return {
            (job.scorer, job.n_meanings): read_result(folder, Judged)
            for job, folder in zip(jobs, results, strict=True)
        }

    def trained(self) -> Iterator[UnitsJob]:
        """The chosen dictionaries; all seeds together have as many units as a method without."""
        for member in self.members:
            seeds = self.params.train.groups[member.group].seeds
            asked = asked_of(member, self.sites[member.site], self.inputs.train)
            yield self._job(asked, len(seeds))

    def baselines(self, jobs: Sequence[UnitsJob], results: Sequence[Path]) -> Iterator[UnitsJob]:
        """Decompositions that need no training, at each site."""
        of_members = {member.site for member in self.members}
        for site, files in self.sites.items():
            if site in self.params.activate.untrained or site not in of_members:
                continue
            k = _middle_l0(site, jobs, results)
            has_ica = site in self.params.train.ica.sites
            for method in self.settings.baselines:
                if has_ica or not method.startswith("ica"):
                    kept = k if method.endswith("topk") else 0
                    wide = 1.0 if method in ("pca", "ica") else 2.0
                    draws = draws_of(method, self.params.train.components.draws)
                    for seed in draws:
                        asked = untrained(files, method, k=kept, expansion_factor=wide, seed=seed)
                        yield self._job(asked, len(draws))

    def listed_elsewhere(self) -> Iterator[UnitsJob]:
        """Units on which other stages rest, of each dictionary: for their cards alone."""
        for member in self.rested_on:
            asked = asked_of(member, self.sites[member.site], self.inputs.train)
            job = self._job(asked, 1)
            listed = self.listed[member.sha256]
            yield job.model_copy(update={"n_drawn": 0, "n_cards": 0, "listed": listed})

    def dictionaries(
        self, jobs: Sequence[UnitsJob], results: Sequence[Path]
    ) -> Iterator[Dictionary]:
        """What the items came to."""
        for job, folder in zip(jobs, results, strict=True):
            block = hook_point(job.hook).block
            yield Dictionary(job.key, block, read_result(folder, Explained))

    def cards(self, results: Sequence[Path]) -> Iterator[Card]:
        """The cards of all items, those of one unit as one."""
        found: dict[str, Card] = {}
        for card in (card for folder in results for card in read_cards(folder)):
            before = found.setdefault(card.id, card)
            chosen = list(dict.fromkeys([*before.chosen, *card.chosen]))
            found[card.id] = before.model_copy(update={"chosen": chosen})
        yield from found.values()

    def counts(self) -> dict[str, int]:
        """Denominators: tokens and fragments of the text, dictionaries."""
        ours = self.settings
        return {
            "tokens_of_text": ours.tokens // ours.fragment * ours.fragment,
            "fragments": ours.tokens // ours.fragment,
            "dictionaries_trained": len(self.members),
            "planted_features": ours.planted.features * MOST_MEANINGS,
        }

    def made_with(self) -> dict[str, Any]:
        """Params without what decides no number, the text and the threads."""
        return {
            "params": _told(self.params),
            "text": self.text.name,
            "threads": self.settings.executor.threads,
        }

    def _job(self, asked: Asked, n_seeds: int) -> UnitsJob:
        ours = self.settings
        version = self.params.activate.untrained.get(asked.of.site)
        return UnitsJob(
            asked=asked,
            site=version.of if version else asked.of.site,
            method=UNTRAINED[version.weights] if version else asked.method,
            hook=self.on_model[asked.of.site].hook,
            n_cards=-(-ours.cards // n_seeds),
            listed={},
            text=self.text,
            read=self.read[asked.of.site],
            n_drawn=-(-ours.features // n_seeds),
            alive_firings=ours.alive_firings,
            counted_tokens=ours.counted_tokens,
            effective_share=ours.effective_share,
            matched_density=ours.matched_density,
            excerpts=ours.excerpts,
            rules=ours.rules,
            scorers=list(ours.scorers),
            vectors=self.vectors,
            seed=ours.seed,
            threads=ours.executor.threads,
        )

    def _vectors(self, workers: Crew) -> list[Path]:
        """The text as the encoder sees it, part by part, where a scorer needs that."""
        if "embedding" not in self.settings.scorers:
            return []
        encoder = self.inputs.fetch / "encoder"
        n_fragments = self.settings.tokens // self.settings.fragment
        ends = [n_fragments * i // PARTS for i in range(PARTS + 1)]
        jobs = [
            EmbedJob(
                encoder=encoder,
                encoder_sha256=key_of(read_record(encoder, EncoderRecord).sha256),
                text=self.text,
                first=first,
                last=last,
                threads=self.settings.executor.threads,
            )
            for first, last in pairwise(ends)
        ]
        return workers.map(embed_item, jobs, desc="sentences")


def _listed(inputs: Inputs) -> Mapping[str, dict[Chosen, list[int]]]:
    """What the other stages rest on, by dictionary and stage."""
    folders: dict[Chosen, Path] = {
        "ioi": inputs.ioi,
        "features": inputs.features,
        "steer": inputs.steer,
        "erase": inputs.erase,
    }
    found: dict[str, dict[Chosen, list[int]]] = {}
    for stage, folder in folders.items():
        for sha256, units in read_listed(folder, stage).items():
            found.setdefault(sha256, {})[stage] = units
    return found


def _told(params: Sections) -> dict[str, Any]:
    """The sections as evidence tells them: without what decides no number."""
    found = dumped(params)
    if llm := found["interpret"]["llm"]:
        found["interpret"]["llm"] = {k: v for k, v in llm.items() if k not in GOES_ON}
    return found


def _knob(member: Member) -> float:
    """What makes its codes sparse."""
    return float(member.k) or member.alpha


def _middle_l0(site: str, jobs: Sequence[UnitsJob], results: Sequence[Path]) -> int:
    """Active units a token of the autoencoder of the middle penalty, mean over its seeds."""
    found: dict[float, list[float]] = {}
    for job, folder in zip(jobs, results, strict=True):
        if job.asked.of.site == site and job.asked.alpha > 0:
            counted = read_result(folder, Explained)
            found.setdefault(job.asked.alpha, []).append(counted.active / counted.n_tokens)
    alphas = sorted(found)
    middle = found[alphas[len(alphas) // 2]]
    return max(1, round(sum(middle) / len(middle)))
