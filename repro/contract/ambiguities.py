"""What paper, authors' code and good practice leave open or answer differently, and our default.

Sections, equations and footnotes are those of the paper (arXiv 2309.08600, third version); files
are those of the authors' repository HoagyC/sparse_coding.
"""

import json
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Answer = bool | int | float | str | tuple[int, ...]


class Ambiguity(BaseModel):
    """One question with more than one honest answer."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    id: str = Field(pattern=r"^[a-z_]+$")
    """Short name, stable for ever."""
    question: str
    """What is open."""
    paper: str
    """What the paper says, with its section."""
    code: str
    """What the authors' code does, with the file."""
    practice: str
    """What good practice says."""
    parameter: str | None = None
    """Key of `params.yaml` that switches it; `*` stands for any name."""
    values: tuple[Answer, ...] = ()
    """The answers as values of that key."""
    default: Answer | None = None
    """Its value in the laptop profile."""
    tried: Answer | None = None
    """The other answer in the covering design of readings; none where it is not in the design."""
    no_switch: str = ""
    """Why no parameter switches it; empty where one does."""
    why: str
    """Why the default is what it is."""
    claims: tuple[str, ...] = Field(min_length=1)
    """Claims whose verdict can depend on the answer."""

    @model_validator(mode="after")
    def _switched_or_explained(self) -> Self:
        if (self.parameter is None) != bool(self.no_switch):
            raise ValueError("give either a parameter or the reason why there is none")
        if self.parameter is not None and self.default not in self.values:
            raise ValueError("the default must be one of the values")
        if self.tried is not None and (self.tried not in self.values or self.tried == self.default):
            raise ValueError("what is tried must be another one of the values")
        return self

    def told(self) -> str:
        """The entry as text of a few lines."""
        values = ", ".join(_plain(value) for value in self.values)
        switch = f"{self.parameter} ({values}); default {_plain(self.default)}"
        lines = (
            ("paper", self.paper),
            ("authors' code", self.code),
            ("good practice", self.practice),
            ("switch", switch if self.parameter else f"none: {self.no_switch}"),
            ("default because", self.why),
            ("matters for", ", ".join(self.claims)),
        )
        return "\n".join([f"{self.id}: {self.question}", *(f"  {k}: {v}" for k, v in lines)])


def _plain(value: object) -> str:
    """A value as `params.yaml` spells it."""
    return json.dumps(value) if isinstance(value, bool | tuple) else str(value)


FIDELITY = ("c14", "c15", "c16", "c17", "c18", "c19", "c20", "c21", "k02", "k04")
"""Claims that are decided on trained dictionaries by their sparsity and fidelity."""

AMBIGUITIES = (
    Ambiguity(
        id="reduction",
        question="Is the squared error of the loss summed or averaged over coordinates?",
        paper="Equation 4 prints the squared norm, a sum over coordinates.",
        code="sae_ensemble.py takes the mean over batch and coordinates; the quoted penalties "
        "belong to that, and in the printed form they must be multiplied by d.",
        practice="State the reduction wherever a penalty is quoted; compare at equal L0 or FVU.",
        parameter="train.reduction",
        values=("mean", "sum"),
        default="mean",
        tried="sum",
        why="The paper's penalties (8.6e-4, appendix E) leave a summed error almost unpenalised.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="step_counter",
        question="Does the optimiser's step counter advance, so that Adam's bias correction ends?",
        paper="Appendix B says Adam, which corrects the bias by the step's number.",
        code="ensemble.py throws the counter of torchopt 0.7.1 away after each step: the bias "
        "correction stays that of step 1, while the moments change in place (both seen by running "
        "torchopt 0.7.1); a late step is about 0.32 times a correct one, for constant gradients.",
        practice="Adam as published.",
        parameter="train.optimiser.step_counter",
        values=("advances", "frozen"),
        default="advances",
        tried="frozen",
        why="The paper states Adam; the frozen counter is a defect, kept as a sensitivity axis.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="learning_rate",
        question="Which step size trained the published dictionaries?",
        paper="Appendix B: 1e-3.",
        code="big_sweep_experiments.py had 3e-4 and batches of 2048 until 4 August 2023, then 1e-3 "
        "and 1024; which made the figures cannot be settled. No warm-up, no schedule.",
        practice="Tune the step to the number of tokens, with warm-up and decay.",
        parameter="train.optimiser.lr",
        values=(1e-3, 3e-4, 5e-3),
        default=5e-3,
        tried=1e-3,
        why="One pass over few tokens needs larger steps, with a schedule; the paper profile has "
        "1e-3 without one.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="penalty_warmup",
        question="Is the sparsity penalty at full strength from the first step?",
        paper="Equation 4 has one constant; nothing on its course in training (appendix B).",
        code="Constant from the first step (sae_ensemble.py).",
        practice="Raise it from zero, so that units find a direction before they are pressed; "
        "otherwise many fall out of use early and never come back.",
        parameter="train.schedule.penalty_warmup",
        values=(0.2, 0.0),
        default=0.2,
        tried=0.0,
        why="Lowest FVU at equal L0 on validation documents (the search for the recipe, "
        "reports/bench/recipe.json); the paper profile is as the authors.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="initial_rows",
        question="How long are the rows at the start, of which only the direction is used?",
        paper="Nothing found on it (appendix B).",
        code="Xavier-uniform (sae_ensemble.py), so about 0.8 at R = 2.",
        practice="Each trainer has its own; a small start lets directions turn faster at first.",
        parameter="train.start_scale",
        values=(0.1, 1.0),
        default=0.1,
        why="Lowest FVU at equal L0 on validation documents (the same search); the paper profile "
        "is as the authors.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="gradient_clipping",
        question="Is the gradient shortened to one length before Adam sees it?",
        paper="Nothing found on it (appendix B).",
        code="No (ensemble.py).",
        practice="Yes, to norm 1 for the summed loss, as the field's own trainer always does: a "
        "few long gradients otherwise set the scale of Adam's steps for a thousand steps.",
        parameter="train.optimiser.clip",
        values=(1.0, 0.0),
        default=1.0,
        tried=0.0,
        why="Lowest FVU at equal L0 on validation documents (the same search); the paper profile "
        "is as the authors.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="centring",
        question="Are activations centred and scaled before they are encoded?",
        paper="Equations 1 to 3 encode them as they are, without a decoder bias (section 2).",
        code="Neither in the main runs: center_dataset is off (config.py, big_sweep.py).",
        practice="Centre, and scale to a mean squared norm of d, so that penalties mean the same "
        "at every site and model.",
        parameter="train.faithful",
        values=(True, False),
        default=False,
        tried=True,
        why="On another model unscaled activations make the paper's penalties meaningless; the "
        "paper profile is faithful.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="bos",
        question="Does each sequence start with a beginning-of-sequence token?",
        paper="Nothing found on it (section 2, appendix B).",
        code="No: documents are joined by the end-of-text token and cut into 256 tokens "
        "(activation_dataset.py).",
        practice="Either, if stated, with attention sinks left out.",
        parameter="tokenize.bos",
        values=(True, False),
        default=True,
        tried=False,
        why="The first position is dropped by position; with a marker there no word of the text "
        "is lost. The laptop's model has <|im_start|> for it. The paper profile has none, as the "
        "code.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="attention_sinks",
        question="Are other tokens of enormous norm, where attention is parked, trained on?",
        paper="Nothing found on it (section 2, appendix B).",
        code="All tokens are kept (activation_dataset.py).",
        practice="Drop them by a declared rule and report how many; otherwise they dominate FVU.",
        parameter="activate.sink_factor",
        values=(10.0, 1e9),
        default=10.0,
        tried=1e9,
        why="A factor beyond any norm keeps all tokens but the first of each sequence.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="first_position",
        question="Is the first position of a sequence trained and measured on?",
        paper="Nothing found on it (section 2, appendix B).",
        code="All positions are kept (activation_dataset.py).",
        practice="Drop it by position at every hook point: a norm tells it in some blocks only.",
        parameter="activate.skip_positions",
        values=(1, 0),
        default=1,
        why="In the laptop's model its norm is 155 times the median after block 14, but 9 times "
        "after block 4, where a bound on the norm misses it and it alone carries a quarter of the "
        "variance.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="tying",
        question="Do encoder and decoder share their weights?",
        paper="Tied on the residual stream (section 2, equations 1 to 3), untied for MLPs (5, 6); "
        "footnote 2: tying costs nothing on the residual stream, and something on MLPs.",
        code="FunctionalTiedSAE and FunctionalSAE in sae_ensemble.py; in both the decoder's rows "
        "are normalised inside the forward pass.",
        practice="Untied is the more general form; say which, and compare at equal L0.",
        parameter="train.tied",
        values=(True, False),
        default=True,
        tried=False,
        why="All sites here are on the residual stream, where the paper ties.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="feature_sample",
        question="Over which features is a share or a score taken: all, or those that are alive?",
        paper="Table 1 takes the first five in arbitrary order (section 3.1); a feature with fewer "
        "than 20 fragments of non-zero activation is skipped, how many is not told (appendix A).",
        code="Indices 0 to 149 in stored order (interpret.py), for PCA those of highest variance.",
        practice="A random sample under one rule of being alive for every method, with the skipped "
        "ones counted.",
        parameter="fidelity.alive_firings",
        values=(10, 0),
        default=10,
        tried=0,
        why="Alive features only, by the authors' own threshold; 0 takes every feature that ever "
        "fires.",
        claims=("c01", "c02", "c03", "c13", "c19", "k04"),
    ),
    Ambiguity(
        id="alive_tokens",
        question="On how many tokens must a feature fire more than 10 times to be alive?",
        paper="Appendix E speaks of dead features; no rule found in its text.",
        code="More than 10 non-zero activations on a chunk of 2 GiB, which is 2.1 million vectors "
        "at d = 512 (plot_n_active.py, standard_metrics.py).",
        practice="Always state threshold and tokens together: the same 10 are strict on few.",
        parameter="tokenize.heldout_tokens",
        values=(32768, 524288),
        default=32768,
        why="What a laptop can measure; fewer tokens can only make fewer features count as alive.",
        claims=("c17", "c18", "c19", "k04"),
    ),
    Ambiguity(
        id="folded_weights",
        question="Is the residual stream that of the plain model, or of one with folded weights?",
        paper="Nothing found on it (section 2).",
        code="activation_dataset.py loads through transformer-lens, which by default folds the "
        "layer norm and centres what writes to the stream: a residual vector then has mean 0 over "
        "its coordinates.",
        practice="Either, if stated: the vectors differ by a constant a token.",
        no_switch="not built, because the adapter is held against the plain model at load, and a "
        "folded one would differ from it",
        why="A residual vector here is what the published weights give.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="text",
        question="Which text are activations taken from, and in which order?",
        paper="The Pile for training (appendix B), OpenWebText for scoring (appendix A).",
        code="Pile shard 0 in chunks of 2 GiB (big_sweep_experiments.py), sequences shuffled by "
        "the loader (activation_dataset.py), pile-10k for IOI (generate_test_data.py).",
        practice="Train and measure on different documents; seed the order; shuffle tokens.",
        parameter="fetch.text.source",
        values=("embedded", "hub", "files"),
        default="embedded",
        why="It needs no data hub; split by document, in an order seeded by tokenize.seed and "
        "train.groups.*.seeds.",
        claims=FIDELITY,
    ),
    Ambiguity(
        id="fvu",
        question="Is the variance unexplained pooled over coordinates, or one share a coordinate?",
        paper="Appendix B, figure 6, plots it; no formula found in its text.",
        code="Pooled: all squared errors over all squared deviations (standard_metrics.py), on "
        "20,000 vectors.",
        practice="Report both: a few coordinates of enormous variance dominate the pooled one.",
        no_switch="not built, because evidence keeps the sums of both, and each claim names the "
        "columns that it divides",
        why="The claims take the pooled one, as the authors did.",
        claims=("c14", "c15", "c16", "k02"),
    ),
    Ambiguity(
        id="penalty",
        question="Which penalty stands for the method?",
        paper="8.6e-4 on the residual stream and 3.2e-4 on MLPs, chosen by plots of dead features "
        "(appendix E), after looking.",
        code="16 values from 1e-4 to 1e-2 (dense_l1_range_experiment in big_sweep_experiments.py); "
        "later the first 8 only.",
        practice="Compare whole curves at equal L0: a penalty means nothing on another model.",
        no_switch="not built, because no claim here takes one penalty: curves are compared over "
        "the L0 that both cover, and train.groups.*.alphas is their grid",
        why="A penalty chosen after looking favours the method that it was chosen for.",
        claims=("c14", "c15", "c16", "k02"),
    ),
    Ambiguity(
        id="seeds",
        question="How many dictionaries stand behind a number?",
        paper="One each; no replication is reported (appendix B).",
        code="One: torch and numpy are seeded with 0 (big_sweep.py).",
        practice="At least three, and intervals over them: features differ from seed to seed.",
        parameter="train.groups.*.seeds",
        values=((0,), (0, 1, 2)),
        default=(0, 1, 2),
        why="A verdict without training noise in its interval says too much.",
        claims=FIDELITY,
    ),
)
"""The register, in the order in which a run meets the questions."""
