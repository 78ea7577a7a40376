"""The whole of `params.yaml`: its sections, and where two of them must fit together."""

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import model_validator

from repro.maker.hook_points import hook_point
from repro.maker.params.activate import Activate
from repro.maker.params.erase import Erase
from repro.maker.params.features import Features
from repro.maker.params.fetch import Fetch, NoEncoder
from repro.maker.params.fidelity import Fidelity
from repro.maker.params.interpret import Interpret
from repro.maker.params.ioi import Ioi
from repro.maker.params.plant import PLANTED, TOY, Plant
from repro.maker.params.read import read_yaml, validated
from repro.maker.params.renamed import RENAMED
from repro.maker.params.section import mismatch, one_of
from repro.maker.params.setting import Setting
from repro.maker.params.steer import Steer
from repro.maker.params.tokenize import Tokenize
from repro.maker.params.toy import Toy
from repro.maker.params.train import Frozen, Group, Penalised, Train


class Params(Setting):
    """All of `params.yaml`."""

    is_at_top: ClassVar[bool] = False

    fetch: Fetch
    """Language model and text."""
    tokenize: Tokenize
    """Sequences."""
    activate: Activate
    """Activations."""
    plant: Plant
    """Planted controls."""
    train: Train
    """The grid."""
    fidelity: Fidelity
    """Measurements."""
    toy: Toy
    """Measurements against planted truth."""
    interpret: Interpret
    """Interpretability."""
    features: Features
    """Features of a single meaning."""
    erase: Erase
    """Erasure of a concept."""
    steer: Steer
    """Steering by features."""
    ioi: Ioi
    """Localisation of indirect object identification."""

    @model_validator(mode="after")
    def _sites_meet(self) -> Self:
        sites = {*self.activate.sites, *PLANTED, *TOY}
        named = {f"train.groups.{name}.site": g.site for name, g in self.train.groups.items()}
        for key, site in named.items():
            if site not in sites:
                raise mismatch(key, f"no site is named {site!r}", one_of(sites))
        places = sites | set(self.train.groups)
        for place in self.train.optimiser.lr_at:
            if place not in places:
                key = f"train.optimiser.lr_at.{place}"
                raise mismatch(key, f"no site or group is named {place!r}", one_of(places))
        used = {group.site for group in self.train.groups.values()}
        for site in self.activate.sites:
            if site not in used:
                raise mismatch(
                    self.activate.key_of(site),
                    "no group of train.groups trains on it",
                    "a group on each harvested site, or that site not harvested",
                )
        return self

    @model_validator(mode="after")
    def _harvest_meets(self) -> Self:
        length = self.tokenize.sequence_length
        if self.activate.skip_positions >= length:
            raise mismatch(
                "activate.skip_positions",
                f"{self.activate.skip_positions} leaves nothing of a sequence of {length} tokens",
                f"less than tokenize.sequence_length: {length}",
            )
        for site in self.activate.train_tokens:
            if site not in self.activate.sites:
                raise mismatch(
                    f"activate.train_tokens.{site}",
                    f"{site!r} is not harvested",
                    one_of(self.activate.sites),
                )
        return self

    @model_validator(mode="after")
    def _only_the_trained_model_is_edited(self) -> Self:
        edited = {f"ioi.plans.{name}.site": one.site for name, one in self.ioi.plans.items()}
        spliced = {name: self.train.groups.get(name) for name in self.fidelity.spliced_groups}
        edited |= {f"fidelity.spliced_groups.{n}": one.site for n, one in spliced.items() if one}
        for key, site in edited.items():
            if site in self.activate.untrained:
                raise mismatch(
                    key,
                    f"{site!r} is a site of an untrained model, into which nothing is put back",
                    f"a site of the trained one, {one_of(self.activate.hook_points)}",
                )
        return self

    @model_validator(mode="after")
    def _groups_meet(self) -> Self:
        of_model = {
            name for name, one in self.train.groups.items() if one.site in self.activate.hook_points
        }
        for name in self.fidelity.spliced_groups:
            if name not in of_model:
                raise mismatch(
                    "fidelity.spliced_groups",
                    f"no group on the language model is named {name!r}",
                    one_of(of_model),
                )
        return self

    @model_validator(mode="after")
    def _scorers_have_what_they_need(self) -> Self:
        if "embedding" in self.interpret.scorers and isinstance(self.fetch.encoder, NoEncoder):
            found = "the scorer by embedding has no encoder: fetch.encoder is none"
            raise mismatch("interpret.scorers", found, "no embedding, or another fetch.encoder")
        return self

    @model_validator(mode="after")
    def _scored_dictionaries_are_trained(self) -> Self:
        on_model = {n: g for n, g in self.train.groups.items() if g.site in self.activate.sites}
        chosen = self.interpret.dictionaries
        sections = {"interpret": chosen, "features": self.features.dictionaries}
        sections |= {"erase": self.erase.dictionaries, "steer": self.steer.dictionaries}
        for section, of_section in sections.items():
            for group, values in of_section.items():
                key = f"{section}.dictionaries.{group}"
                if group not in on_model:
                    found = f"no group on the language model is named {group!r}"
                    raise mismatch(key, found, one_of(on_model))
                _check_trained(key, on_model[group], values)
        penalised = {n for n in chosen if isinstance(on_model[n], Penalised) and max(chosen[n]) > 0}
        with_l0 = {on_model[name].site for name in penalised}
        for site in sorted({on_model[name].site for name in chosen} - with_l0):
            raise mismatch(
                "interpret.dictionaries",
                f"no dictionary with a penalty at {site!r}, whose L0 top-k baselines take",
                "a group with alpha > 0 on each of its sites",
            )
        return self

    @model_validator(mode="after")
    def _is_edited_where_dictionaries_are(self) -> Self:
        for name, section in (("erase", self.erase), ("steer", self.steer)):
            site = section.site
            if site not in self.activate.hook_points:
                found, expected = f"{site!r} is no site of the trained model", "one of hook_points"
                raise mismatch(f"{name}.site", found, expected)
            for group in section.dictionaries:
                if self.train.groups[group].site != site:
                    found = f"{group!r} is not trained at {site!r}"
                    raise mismatch(f"{name}.dictionaries", found, f"groups of the site {site!r}")
        return self

    @model_validator(mode="after")
    def _circuits_run_forward(self) -> Self:
        ours = self.features.circuits
        if ours is None:
            return self
        depth = []
        for name, one in (("parents", ours.parents), ("children", ours.children)):
            key, group = f"features.circuits.{name}", self.train.groups.get(one.group)
            if group is None or group.site not in self.activate.hook_points:
                found = f"no group on the trained language model is named {one.group!r}"
                raise mismatch(f"{key}.group", found, one_of(self.activate.hook_points))
            if isinstance(group, Frozen):
                raise mismatch(f"{key}.group", f"{one.group!r} has no penalty", "one with alphas")
            _check_trained(f"{key}.alpha", group, [one.alpha])
            depth.append(hook_point(self.activate.hook_points[group.site]))
        if not depth[0].block < depth[1].block:
            raise mismatch(
                "features.circuits.parents.group",
                f"its site, {depth[0].name}, is not before that of the children, {depth[1].name}",
                "a group at a site of an earlier block",
            )
        return self

    @model_validator(mode="after")
    def _edit_is_on_the_curve(self) -> Self:
        if self.ioi.edited not in self.ioi.counts:
            raise mismatch(
                "ioi.edited",
                f"{self.ioi.edited} is no point of the curve",
                f"one of ioi.counts: {self.ioi.counts}",
            )
        return self

    @model_validator(mode="after")
    def _components_are_of_the_model(self) -> Self:
        for site in self.train.ica.sites:
            if site not in self.activate.sites:
                found = f"{site!r} is not harvested"
                raise mismatch("train.ica.sites", found, one_of(self.activate.sites))
        return self

    @model_validator(mode="after")
    def _plans_meet(self) -> Self:
        for name, plan in self.ioi.plans.items():
            key = f"ioi.plans.{name}"
            sites = self.activate.hook_points
            if plan.site not in sites:
                raise mismatch(f"{key}.site", f"{plan.site!r} is not harvested", one_of(sites))
            here = {n: one for n, one in self.train.groups.items() if one.site == plan.site}
            for group, chosen in plan.dictionaries.items():
                if group not in here:
                    raise mismatch(
                        f"{key}.dictionaries",
                        f"no group on {plan.site!r} is named {group!r}",
                        one_of(here),
                    )
                _check_chosen(f"{key}.dictionaries.{group}", here[group], chosen)
            if "ica" in plan.baselines and plan.site not in self.train.ica.sites:
                raise mismatch(
                    f"{key}.baselines",
                    f"no independent components are fitted at {plan.site!r}",
                    f"{plan.site} in train.ica.sites, or no ica",
                )
            has_codes = any(
                value > 0
                for group, chosen in plan.dictionaries.items()
                for value in chosen
                if isinstance(here[group], Penalised)
            )
            if "random_topk" in plan.baselines and not has_codes:
                raise mismatch(
                    f"{key}.baselines",
                    "random_topk has no dictionary whose L0 it could take",
                    "a dictionary with alpha > 0 in the same plan, or no random_topk",
                )
        return self


def _check_chosen(key: str, group: Group, chosen: list[float]) -> None:
    """What a plan takes of a group is trained there; of a frozen decoder it takes one."""
    _check_trained(key, group, chosen)
    if isinstance(group, Frozen) and len(chosen) > 1:
        found = f"{len(chosen)} numbers of codes kept, which no column would tell apart"
        raise mismatch(key, found, f"one of {group.ks}")


def _check_trained(key: str, group: Group, chosen: list[float]) -> None:
    """Each penalty, or number of codes kept, is one of the group's."""
    is_frozen = isinstance(group, Frozen)
    trained = group.ks if is_frozen else group.alphas
    for one in sorted(set(chosen) - set(trained)):
        named = f"k {one:g}" if is_frozen else f"alpha {one}"
        raise mismatch(key, f"no {named} is trained", f"some of {trained}")


def load_params(path: Path) -> Params:
    """Read and check all of `params.yaml`, with YAML 1.2 numbers as DVC reads them (1e-3).

    Raises:
        ParamsError: missing, not YAML, or not what the model says; names the key and the mend.
    """
    return parse_params(read_yaml(path), path)


def parse_params(content: Any, path: Path) -> Params:
    """Check the content of a params file; `path` is for the message only.

    Raises:
        ParamsError: as `load_params`.
    """
    return validated(Params, content, path, RENAMED)
