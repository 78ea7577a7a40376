"""Which figure shows which claim: the one list that the report draws from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from repro.contract.evidence import Table
from repro.report.figures import (
    dictionaries,
    features,
    interpretability,
    localisation,
    losses,
    toy,
    tradeoff,
)
from repro.report.figures.curves import select
from repro.report.figures.drawn import Drawn, ForestRow
from repro.report.figures.forest import forest
from repro.report.figures.palette import OURS
from repro.report.figures.style import style, svg_of

SCORERS = ("rules", "embedding", "simulation", "detection", "fuzzing", "intruder")
PANELS = ("middle", "early", "late")


class FigurePlan(NamedTuple):
    """One kind of figure: for which claim, from which tables, at which sites, drawn how.

    Each panel shows the rows of one value of the column `by`.
    """

    claim: str
    tables: tuple[str, ...]
    draw: Callable[..., Figure]
    caption: str
    part: str = ""
    sites: tuple[str, ...] = ("middle",)
    by: str = "site"


PLANS = (
    FigurePlan(
        "c01",
        ("interpret",),
        interpretability.scores_by_method,
        "Score of each method on top and random fragments; intervals over seeds, features and text",
        sites=("early", "middle", "late", "middle_mlp"),
    ),
    FigurePlan(
        "c01",
        ("units",),
        interpretability.units_by_method,
        "Scores of single units; marks are quartiles",
        part="units",
        sites=PANELS,
    ),
    FigurePlan(
        "c01",
        ("units",),
        interpretability.score_by_density,
        "Scores of single units by how often they fire",
        part="density",
        sites=PANELS,
    ),
    FigurePlan(
        "c01",
        ("units",),
        interpretability.score_by_kurtosis,
        "Scores of single units by the kurtosis of their activations",
        part="kurtosis",
        sites=PANELS,
    ),
    FigurePlan(
        "c01",
        ("budgets",),
        interpretability.score_by_budget,
        "Score by the number of rules that an explanation may have",
        part="budget",
        sites=PANELS,
    ),
    FigurePlan(
        "c01",
        ("scorers",),
        interpretability.validity,
        "What the scorer makes of planted features of known meaning",
        part="scorer",
        sites=SCORERS,
        by="scorer",
    ),
    FigurePlan(
        "c01",
        ("planted_units",),
        interpretability.roc,
        "ROC of planted features: one meaning against several; claims need an area above 0.8",
        part="roc",
        sites=SCORERS,
        by="scorer",
    ),
    FigurePlan(
        "c02",
        ("interpret",),
        interpretability.random_only_by_method,
        "Score of each method on random fragments that fire",
        sites=("early", "middle", "late", "middle_mlp"),
    ),
    FigurePlan(
        "c04",
        ("interpret",),
        interpretability.gain_by_layer,
        "Score by depth beside the best baselines; thin lines are seeds",
        sites=("top_and_random",),
        by="variant",
    ),
    FigurePlan(
        "c06",
        ("ioi_curves",),
        localisation.kl_by_number,
        "KL against features patched, chosen by attribution; bands span seeds and draws",
        sites=PANELS,
    ),
    FigurePlan(
        "c06",
        ("ioi_curves",),
        localisation.kl_by_number_of_elimination,
        "The same where the paper's elimination chose them; a line a seed, draw and order",
        part="elimination",
    ),
    FigurePlan(
        "c07",
        ("ioi_curves",),
        localisation.kl_by_edit,
        "KL against the size of the edit; bands span seeds and draws",
        sites=PANELS,
    ),
    FigurePlan(
        "c09",
        ("ioi",),
        localisation.floor_by_alpha,
        "The distance that is left with every feature patched; thin lines are seeds",
        sites=PANELS,
    ),
    FigurePlan(
        "c10",
        ("ioi_edits",),
        localisation.shift_by_method,
        "How far the edit moves the answer; dots are seeds and draws",
    ),
    FigurePlan(
        "c11",
        ("features",),
        features.precision_by_target,
        "Precision of the unit that fits each target best; penalties and seeds together",
        sites=PANELS,
    ),
    FigurePlan(
        "c11",
        ("features",),
        features.recall_by_target,
        "Recall of the same units",
        part="recall",
        sites=PANELS,
    ),
    FigurePlan(
        "c11",
        ("feature_levels",),
        features.levels_by_method,
        "On which tokens the unit found for a target fires, by level of activation (figure 4)",
        part="levels",
        sites=("apostrophe", "closing_parenthesis"),
        by="target",
    ),
    FigurePlan(
        "c13",
        ("purity",),
        features.purity_by_method,
        "How much of a unit's activation five tokens hold; intervals over seeds, units and text",
        sites=PANELS,
    ),
    FigurePlan(
        "c14",
        ("fidelity",),
        tradeoff.smoothness,
        "Error against sparsity on logarithmic axes, with its polynomial fit and the residuals",
        sites=("middle", "planted_knee"),
    ),
    FigurePlan(
        "c15",
        ("fidelity",),
        tradeoff.tradeoff,
        "Error against sparsity, each method; thin lines are seeds",
        sites=PANELS,
    ),
    FigurePlan(
        "c15",
        ("fidelity",),
        tradeoff.tradeoff_normalised,
        "The same with each coordinate divided by its own variance",
        part="normalised",
    ),
    FigurePlan(
        "c16",
        ("fidelity",),
        tradeoff.by_r,
        "Error against sparsity, one curve an expansion factor R; thin lines are seeds",
        sites=("middle", "planted_width"),
    ),
    FigurePlan(
        "c17",
        ("dictionaries",),
        dictionaries.alive_by_r,
        "Alive features by expansion factor, all α above 0 together; thin lines are single ones",
    ),
    FigurePlan(
        "c18",
        ("dictionaries",),
        dictionaries.dead_by_alpha,
        "Dead features by sparsity penalty, R = 2",
        sites=PANELS,
    ),
    FigurePlan(
        "c19",
        ("dictionaries",),
        dictionaries.duplicates_by_alpha,
        "Duplicated features by sparsity penalty, R = 2, with the random null",
    ),
    FigurePlan(
        "c20",
        ("fidelity",),
        dictionaries.shrinkage_by_alpha,
        "Shrinkage by sparsity penalty, R = 2",
        sites=PANELS,
    ),
    FigurePlan(
        "c20",
        ("refit",),
        dictionaries.refit_by_alpha,
        "What refitting the active codes gains, R = 2",
        part="refit",
    ),
    FigurePlan(
        "c21",
        ("spliced", "fidelity"),
        losses.added_loss,
        "Loss added by replacing activations, against sparsity",
        sites=PANELS,
    ),
    FigurePlan(
        "c22",
        ("toy",),
        toy.recovery_by_alpha,
        "Planted features found one to one (Hungarian) and nearest; thin lines are seeds",
        sites=("independent", "hard"),
        by="regime",
    ),
    FigurePlan(
        "c22",
        ("toy",),
        toy.recovery_by_alpha_and_r,
        "One-to-one cosine with the planted features, by penalty and expansion factor",
        part="widths",
        sites=("independent",),
        by="regime",
    ),
    FigurePlan(
        "k02",
        ("fidelity",),
        tradeoff.trained_and_frozen,
        "Trained dictionary against a frozen random decoder; thin lines are seeds",
    ),
    FigurePlan(
        "k04",
        ("agreement",),
        dictionaries.agreement_by_alpha,
        "Features found again with another seed, R = 2; thin lines are pairs of seeds",
    ),
)


def drawn_from(tables: Mapping[str, Table]) -> Iterator[Drawn]:
    """Every figure for which there are rows of a trained dictionary, in the order of the list."""
    with style():
        for plan in PLANS:
            if all(name in tables for name in plan.tables):
                yield from _panels(plan, [tables[name] for name in plan.tables])


def drawn_forest(labels: Sequence[str], rows: Sequence[ForestRow]) -> Drawn:
    """The figure of all verdicts at once."""
    caption = "How far each interval lies from its threshold, each claim on its own scale"
    with style():
        return Drawn("forest", "", caption, svg_of(forest(labels, rows), "forest", f"{caption}."))


def drawn_frontier(table: Table) -> Drawn | None:
    """How good the dictionaries are: the figure of all trainers at the middle site."""
    rows = select(table, site="middle")
    if not {"sae", "saelens_standard"} <= set(rows.columns["method"].tolist()):
        return None
    caption = (
        "Error against sparsity on held-out text: the dictionaries that are judged, the field's "
        "own trainer on the same activations, and PCA"
    )
    with style():
        drawn = svg_of(tradeoff.frontier(rows), "frontier", f"{caption}.")
    return Drawn("frontier", "", caption, drawn)


def _panels(plan: FigurePlan, tables: list[Table]) -> Iterator[Drawn]:
    for site in plan.sites:
        here = [select(table, **{plan.by: site}) for table in tables]
        if not all(_has_ours(table) for table in here):
            continue
        figure = plan.draw(*here)
        name = "_".join(filter(None, (plan.claim, plan.part, site)))
        caption = f"{plan.caption}: {site.replace('_', ' ')} {plan.by}"
        yield Drawn(name, plan.claim, caption, svg_of(figure, name, f"{plan.claim}. {caption}."))


def _has_ours(table: Table) -> bool:
    """Whether there is a trained dictionary, or a table in which none is expected."""
    return len(table) > 0 and bool({*OURS} & {*table.columns.get("method", OURS)})
