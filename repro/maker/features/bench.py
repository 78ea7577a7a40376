"""What is on the bench of the stage `features`: its inputs, and the jobs made from them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from repro.maker.decompositions.asked import Asked
from repro.maker.decompositions.draws import draws_of
from repro.maker.decompositions.trained import (
    Member,
    asked_of,
    read_trained,
    site_files,
    untrained,
)
from repro.maker.engine.executor import Crew
from repro.maker.features.ablate import RANDOM, AblateJob, PlantedEditJob
from repro.maker.features.contexts import ContextsJob
from repro.maker.features.letters import AbsorptionJob, PlantedWordsJob, WordsJob
from repro.maker.features.measure import FeaturesJob, Found, How, PlantedJob
from repro.maker.features.targets import members_of
from repro.maker.features.wired import Asking, CircuitsJob, PlantedCircuitJob
from repro.maker.interpret.reading import Reading
from repro.maker.interpret.text import pieces_of, tokenizer_of
from repro.maker.params.activate import Activate
from repro.maker.params.features import Circuits, Features, OneOfGroup
from repro.maker.params.setting import Setting
from repro.maker.params.tokenize import Tokenize
from repro.maker.params.train import Train

SHUFFLED = "sae_shuffled_tokens"
"""How the tables call the search where there is nothing to find."""
PARTS = 2
"""In which the targets of a dictionary's circuits are spread."""
PLANTED_TARGETS = 10
"""Planted circuits where no others are asked for."""


class Sections(NamedTuple):
    """What the stage reads of `params.yaml`."""

    setting: Setting
    tokenize: Tokenize
    activate: Activate
    train: Train
    features: Features


class Inputs(NamedTuple):
    """Folders that other stages have made, by their names."""

    fetch: Path
    tokenize: Path
    activate: Path
    train: Path


class Place(NamedTuple):
    """A target at a site."""

    site: str
    """Role of the site."""
    target: str
    """Class of tokens."""


class Bench:
    """The inputs of the stage and the lists of jobs made from them."""

    def __init__(self, params: Sections, inputs: Inputs, workers: Crew) -> None:
        self.params, self.inputs, self.settings = params, inputs, params.features
        _check_targets(self.settings, inputs.fetch / "model")
        self.trained_members = read_trained(inputs.train).dictionaries
        self.members = [m for m in self.trained_members if _is_chosen(m, self.settings)]
        self.reading = Reading(params, inputs, self.settings, workers)
        self.on_model = self.reading.on_model
        chosen = {m.site for m in self.members}
        self.sites = {
            site: site_files(inputs.train, inputs.activate / site)
            for site in self.on_model
            if site in chosen | self._wired_sites
        }
        self.searched = [site for site in self.sites if site in chosen]
        self.edited = [site for site in self.searched if self.on_model[site].is_trained]
        self.read = self.reading.at(self.sites)
        ours = self.settings
        self.how = How(
            text=self.reading.text,
            targets=list(ours.targets),
            least_recall=ours.least_recall,
            n_drawn=ours.drawn,
            alive_firings=ours.alive_firings,
            effective_share=ours.effective_share,
            matched_density=ours.matched_density,
            token_set=ours.token_set,
            seed=ours.seed,
            threads=ours.executor.threads,
        )

    def trained(self) -> Iterator[FeaturesJob]:
        """The chosen dictionaries; all seeds together have as many drawn units as other methods."""
        for member in self.members:
            asked = asked_of(member, self.sites[member.site], self.inputs.train)
            yield self._job(asked, self.params.train.groups[member.group].seeds)

    def shuffled(self) -> Iterator[FeaturesJob]:
        """The paper's dictionaries once more, with tokens that belong to other places."""
        changed = {"method": SHUFFLED, "is_shuffled": True, "tells_levels": False}
        for job in self.trained():
            if job.method == "sae":
                yield job.model_copy(update=changed)

    def baselines(self) -> Iterator[FeaturesJob]:
        """Decompositions that need no training, at each site."""
        for site, method in product(self.searched, self.settings.baselines):
            if method.startswith("ica") and site not in self.params.train.ica.sites:
                continue
            wide = 2.0 if method.endswith("signed") else 1.0
            draws = draws_of(method, self.params.train.components.draws)
            for seed in draws:
                asked = untrained(self.sites[site], method, expansion_factor=wide, seed=seed)
                yield self._job(asked, draws)

    def planted(self) -> Iterator[PlantedJob]:
        """Units of known meaning, as if they were of each site."""
        yield from (PlantedJob(site=site, how=self.how) for site in self.searched)

    def contexts(self) -> Iterator[ContextsJob]:
        """Contexts of each target whose units are taken out, at each site of the trained model."""
        ours = self.settings
        for site, target in product(self.edited, ours.ablated.targets):
            yield ContextsJob(
                edited=self.reading.edited(site),
                target=target,
                count=ours.ablated.contexts,
                seed=ours.seed,
            )

    def ablations(
        self, searched: Sequence[tuple[FeaturesJob, Found]], contexts: Sequence[Path]
    ) -> Iterator[AblateJob]:
        """The units that were found; beside each of the paper's, random pushes of equal length."""
        for job, found in searched:
            if job.is_shuffled or job.asked.of.site not in self.edited:
                continue
            plain = AblateJob(
                asked=job.asked,
                method=job.method,
                units=_found_units(found, self.settings.ablated.targets),
                contexts=self._contexts_at(job.asked.of.site, contexts),
                edited=self.reading.edited(job.asked.of.site),
                seed=self.settings.seed,
            )
            yield plain
            if job.method == "sae":
                yield plain.model_copy(update={"method": RANDOM})

    def planted_edits(self, contexts: Sequence[Path]) -> Iterator[PlantedEditJob]:
        """Edits after which the expected token falls, at each site and target."""
        for site in self.edited:
            edited = self.reading.edited(site)
            for target, place in self._contexts_at(site, contexts).items():
                yield PlantedEditJob(site=site, contexts={target: place}, edited=edited)

    def circuits(self) -> Iterator[CircuitsJob]:
        """Targets of each seed of the later dictionary, with the earlier one of the same seed."""
        ours = self.settings.circuits
        if ours is None:
            return
        parents, children = (self._by_seed(one) for one in (ours.parents, ours.children))
        seeds = sorted(parents.keys() & children.keys())
        for seed, part in product(seeds, range(PARTS)):
            child, parent = children[seed], parents[seed]
            yield CircuitsJob(
                child=child,
                parent=parent,
                reads=(self.read[parent.of.site], self.read[child.of.site]),
                edited=self.reading.edited(parent.of.site),
                hook=self.on_model[child.of.site].hook,
                alive_firings=self.settings.alive_firings,
                effective_share=self.settings.effective_share,
                part=(part, PARTS),
                n_targets=-(-ours.features // len(seeds)),
                asking=self._asking(ours),
            )

    def planted_circuits(self) -> Iterator[PlantedCircuitJob]:
        """Circuits of known wiring, as if they were of the targets' site; of few parents."""
        ours = self.settings.circuits
        seed = self.settings.seed
        few = Asking(n_contexts=10, screened=16, taken=5, draws=3, seed=seed)
        yield PlantedCircuitJob(
            site=self.params.train.groups[ours.children.group].site if ours else self.searched[0],
            blocks=self.settings.blocks,
            n_targets=ours.features if ours else PLANTED_TARGETS,
            threads=self.settings.executor.threads,
            asking=self._asking(ours) if ours else few,
        )

    def words(self) -> Iterator[WordsJob]:
        """Words and a probe of their first letters, at each site of the trained model."""
        ours = self.settings.absorption
        for site in self.edited:
            yield WordsJob(
                edited=self.reading.edited(site),
                of=untrained(self.sites[site], "neurons"),
                least_words=ours.least_words,
                most_words=ours.most_words,
                seed=self.settings.seed,
            )

    def absorptions(
        self, searched: Sequence[FeaturesJob], words: Sequence[Path]
    ) -> Iterator[AbsorptionJob]:
        """Every decomposition before the words."""
        at = dict(zip(self.edited, words, strict=True))
        for job in searched:
            if not job.is_shuffled and job.asked.of.site in at:
                yield AbsorptionJob(
                    asked=job.asked,
                    method=job.method,
                    words=at[job.asked.of.site],
                    rule=self._rule,
                    threads=self.settings.executor.threads,
                )

    def planted_words(self) -> Iterator[PlantedWordsJob]:
        """Words of known absorption, and of none."""
        for site, method in product(self.edited, ("planted", "planted_clean")):
            yield PlantedWordsJob(
                site=site, method=method, rule=self._rule, seed=self.settings.seed
            )

    def counts(self) -> dict[str, int]:
        """Denominators: tokens and fragments of the text, dictionaries, targets."""
        ours = self.settings
        return {
            "tokens_of_text": ours.tokens // ours.fragment * ours.fragment,
            "fragments": ours.tokens // ours.fragment,
            "dictionaries_trained": len(self.members),
            "targets": len(ours.targets),
        }

    @property
    def _wired_sites(self) -> set[str]:
        ours = self.settings.circuits
        groups = (ours.parents.group, ours.children.group) if ours else ()
        return {self.params.train.groups[group].site for group in groups}

    @property
    def _rule(self) -> tuple[float, float, float]:
        ours = self.settings.absorption
        return ours.split_gain, ours.least_cosine, ours.least_share

    def _asking(self, ours: Circuits) -> Asking:
        return Asking(
            n_contexts=ours.contexts,
            screened=ours.screened,
            taken=ours.taken,
            draws=ours.draws,
            seed=self.settings.seed,
        )

    def _by_seed(self, one: OneOfGroup) -> Mapping[int, Asked]:
        """The dictionary of each seed."""
        return {
            member.seed: asked_of(member, self.sites[member.site], self.inputs.train)
            for member in self.trained_members
            if member.group == one.group and member.alpha == one.alpha
        }

    def _contexts_at(self, site: str, contexts: Sequence[Path]) -> dict[str, Path]:
        places = product(self.edited, self.settings.ablated.targets)
        return {t: path for (at, t), path in zip(places, contexts, strict=True) if at == site}

    def _job(self, asked: Asked, seeds: Sequence[int]) -> FeaturesJob:
        """One of several seeds, which share the units that are drawn."""
        share = -(-self.settings.drawn // len(seeds))
        return FeaturesJob(
            asked=asked,
            method=asked.method,
            read=self.read[asked.of.site],
            is_shuffled=False,
            tells_levels=asked.seed == min(seeds),
            how=self.how.model_copy(update={"n_drawn": share}),
        )


def _found_units(found: Found, targets: Sequence[str]) -> dict[str, int]:
    """The unit that the search took for each target, as activations are."""
    units = {row.target: row.feature for row in found.features if row.rate == "own"}
    return {target: units[target] for target in targets}


def _check_targets(ours: Features, model: Path) -> None:
    """A target that the tokenizer lacks is told before the language model is run."""
    pieces = pieces_of(tokenizer_of(model))
    for target in ours.targets:
        members_of(target, pieces)


def _is_chosen(member: Member, ours: Features) -> bool:
    knob = float(member.k) or member.alpha
    return knob in ours.dictionaries.get(member.group, ())
