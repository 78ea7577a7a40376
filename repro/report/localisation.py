"""Small tables on the card of the localisation: does the model do the task, what patching does."""

from collections.abc import Mapping

import numpy as np

from repro.contract.evidence import Table
from repro.judge.checks import run_check
from repro.report.figures.curves import SumRatio, select
from repro.report.figures.localisation import EDIT, KL, papers_rows, series
from repro.report.numbers import DASH, measured, number
from repro.report.sheet import Sheet
from repro.spec import Exceeds, Where
from repro.spec import Ratio as Quantity

CLAIM = "c06"
"""The claim on whose card they stand, beside the features that are patched first."""
TASK = (
    Quantity(name="accuracy", unit="1", over="correct", under="n_prompts"),
    Quantity(name="logit difference", unit="1", over="logit_difference", under="n_prompts"),
    Quantity(name="KL", unit="nats", over="kl_clean", under="n_prompts"),
)
BACKWARDS = SumRatio("kl_reverse", "n")
CORRUPTIONS = {
    "io": "the indirect object replaced (the paper's)",
    "swapped": "indirect object and subject exchanged",
    "all": "every name replaced",
}


def sheets(tables: Mapping[str, Table]) -> dict[str, list[Sheet]]:
    """The sheets for which the evidence is there, by the claim on whose card they stand."""
    found = []
    if "ioi_prompts" in tables:
        found.append(_task(tables["ioi_prompts"]))
    if {"ioi_curves", "ioi_edits"} <= tables.keys():
        count = int(tables["ioi_edits"].columns["n_patched"].max())
        found.append(_patched(select(tables["ioi_curves"], site="middle"), count))
    return {CLAIM: [sheet for sheet in found if sheet.rows]}


def _task(table: Table) -> Sheet:
    """The untouched model on the prompts of every draw, by what their targets change."""
    rows = []
    for corruption, told in CORRUPTIONS.items():
        some = select(table, corruption=corruption)
        if len(some):
            rows.append((told, str(len(some)), *(_with_interval(some, of) for of in TASK)))
    head = ("targets", "pairs", "accuracy", "logit difference IO − S", "KL to the target, nats")
    return Sheet(
        "Does the untouched model do the task? Base prompts; 95% intervals over sentence forms",
        head,
        rows,
    )


def _with_interval(table: Table, of: Quantity) -> str:
    rule = Exceeds(reads="ioi_prompts", of=of, where=_ALL, margin=0.0, clusters=("template",))
    found = run_check(rule, {"ioi_prompts": table}, 0.95).contrasts
    if not found:
        return "too few forms"
    has, highest = found[0].interval, 1.0 if of.name == "accuracy" else np.inf
    return measured(has.estimate, has.low, min(has.high, highest))


_ALL = (Where(column="n_prompts", values=(1,)),)


def _patched(table: Table, count: int) -> Sheet:
    """Every decomposition with the same number of features patched, and with all of them."""
    rows = []
    for look, some in series(papers_rows(table, "attribution")):
        at, every = select(some, n_patched=count), _last_points(some)
        if not len(at):  # it has fewer features
            continue
        measures = (KL.of(at), BACKWARDS.of(at), EDIT.of(at), KL.of(every))
        rows.append((look.label, *map(number, measures)))
    clean = select(table, n_patched=0)
    measures = (KL.of(clean), BACKWARDS.of(clean), EDIT.of(clean))
    rows.append(("nothing patched", *map(number, measures), DASH))
    head = (
        "decomposition",
        "KL(patched, target), nats",
        "KL(target, patched), nats",
        "edit over the activations' norm",
        "KL with all features patched",
    )
    caption = (
        f"{count} features patched, chosen by attribution: middle site, held-out prompts, all "
        "seeds and draws together"
    )
    return Sheet(caption, head, rows)


def _last_points(table: Table) -> Table:
    """The rows in which every feature of a dictionary is patched."""
    return select(table, n_patched=int(table.columns["n_patched"].max()))
