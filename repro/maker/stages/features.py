"""features: units of a single meaning, by the same search over every decomposition."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from repro.contract.evidence import Scope, write_evidence
from repro.contract.rows.features import FeaturesRow, LevelRow, PurityRow
from repro.contract.rows.row import Row
from repro.files import sha256_of
from repro.maker.decompositions.trained import (
    Member,
    asked_of,
    read_trained,
    site_files,
    untrained,
)
from repro.maker.engine.executor import map_items
from repro.maker.engine.provenance import versions
from repro.maker.engine.result import read_result
from repro.maker.engine.scratch import put_files_in_place, scratch_folder
from repro.maker.features.measure import (
    FeaturesJob,
    Found,
    How,
    PlantedJob,
    features_item,
    planted_item,
)
from repro.maker.features.targets import members_of
from repro.maker.interpret.reading import Reading
from repro.maker.interpret.text import pieces_of, tokenizer_of
from repro.maker.params.activate import Activate
from repro.maker.params.features import Features
from repro.maker.params.setting import Setting
from repro.maker.params.tokenize import Tokenize
from repro.maker.params.train import Train
from repro.maker.scope import scope_of
from repro.maker.stage import Stage, dumped

SHUFFLED = "sae_shuffled_tokens"
"""How the tables call the search where there is nothing to find."""


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


def run(params: Sections, inputs: Inputs, out: Path) -> None:
    """Search every decomposition for every target on one half of the text, judge on the other."""
    how = params.features.executor
    with scratch_folder(out, "features-items") as scratch:
        bench = FeaturesJobs(params, inputs, scratch)
        jobs = [*bench.trained(), *bench.shuffled(), *bench.baselines()]
        results = map_items(features_item, jobs, how, scratch, desc="search")
        planted = list(bench.planted())
        results += map_items(planted_item, planted, how, scratch, desc="search, planted")
        for name, rows in tables([read_result(folder, Found) for folder in results]).items():
            write_evidence(
                scratch / "out",
                name,
                rows,
                counts=bench.counts(),
                scope=bench.scope(),
                provenance=bench.provenance(),
            )
        put_files_in_place(scratch / "out", out)


def tables(found: list[Found]) -> dict[str, list[Row]]:
    """The rows of every table."""
    return {
        "features": [row for one in found for row in one.features],
        "purity": [row for one in found for row in one.purity],
        "feature_levels": [row for one in found for row in one.levels],
    }


class FeaturesJobs:
    """What is on the bench: the inputs of the stage and the lists of jobs made from them."""

    def __init__(self, params: Sections, inputs: Inputs, scratch: Path) -> None:
        self.params, self.inputs, self.settings = params, inputs, params.features
        _check_targets(self.settings, inputs.fetch / "model")
        members = read_trained(inputs.train).dictionaries
        self.members = [m for m in members if _is_chosen(m, self.settings)]
        reading = Reading(params, inputs, self.settings, scratch)
        sites = [site for site in reading.on_model if any(m.site == site for m in self.members)]
        self.sites = {site: site_files(inputs.train, inputs.activate / site) for site in sites}
        self.read = reading.at(sites)
        ours = self.settings
        self.how = How(
            text=reading.text,
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
        yield from (self._job(member) for member in self.members)

    def shuffled(self) -> Iterator[FeaturesJob]:
        """The paper's dictionaries once more, with tokens that belong to other places."""
        for member in self.members:
            if member.method == "sae":
                changed = {"method": SHUFFLED, "is_shuffled": True, "tells_levels": False}
                yield self._job(member).model_copy(update=changed)

    def baselines(self) -> Iterator[FeaturesJob]:
        """Decompositions that need no training, at each site."""
        for site, files in self.sites.items():
            for method in self.settings.baselines:
                if method.startswith("ica") and site not in self.params.train.ica.sites:
                    continue
                wide = 2.0 if method.endswith("signed") else 1.0
                yield FeaturesJob(
                    asked=untrained(files, method, expansion_factor=wide),
                    method=method,
                    read=self.read[site],
                    is_shuffled=False,
                    tells_levels=True,
                    how=self.how,
                )

    def planted(self) -> Iterator[PlantedJob]:
        """Units of known meaning, as if they were of each site."""
        yield from (PlantedJob(site=site, how=self.how) for site in self.sites)

    def counts(self) -> dict[str, int]:
        """Denominators: tokens and fragments of the text, dictionaries, targets."""
        ours = self.settings
        return {
            "tokens_of_text": ours.tokens // ours.fragment * ours.fragment,
            "fragments": ours.tokens // ours.fragment,
            "dictionaries_trained": len(self.members),
            "targets": len(ours.targets),
        }

    def scope(self) -> Scope:
        """What the evidence speaks of."""
        of, where = self.params, self.inputs
        return scope_of(of.setting, of.train, where.fetch, where.tokenize, where.activate)

    def provenance(self) -> dict[str, Any]:
        """Params, hashes of the inputs and versions; no clock time."""
        return {
            "profile": self.params.setting.profile,
            "params": dumped(self.params),
            "trained_sha256": sha256_of(self.inputs.train / "manifest.json"),
            "text": self.how.text.name,
            "versions": versions(),
            "threads": self.settings.executor.threads,
        }

    def _job(self, member: Member) -> FeaturesJob:
        seeds = self.params.train.groups[member.group].seeds
        share = -(-self.settings.drawn // len(seeds))
        return FeaturesJob(
            asked=asked_of(member, self.sites[member.site], self.inputs.train),
            method=member.method,
            read=self.read[member.site],
            is_shuffled=False,
            tells_levels=member.seed == min(seeds),
            how=self.how.model_copy(update={"n_drawn": share}),
        )


def _check_targets(ours: Features, model: Path) -> None:
    """A target that the tokenizer lacks is told before the language model is run."""
    pieces = pieces_of(tokenizer_of(model))
    for target in ours.targets:
        members_of(target, pieces)


def _is_chosen(member: Member, ours: Features) -> bool:
    knob = float(member.k) or member.alpha
    return knob in ours.dictionaries.get(member.group, ())


STAGE = Stage(
    run,
    desc="Units of a single meaning, by the same search over every decomposition.",
    tables=(FeaturesRow, PurityRow, LevelRow),
)
