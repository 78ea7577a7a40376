"""Every figure of a report, drawn from the tables that are there."""

from collections.abc import Iterator, Mapping, Sequence

from repro.contract.evidence import Table
from repro.report.figures import tradeoff
from repro.report.figures.curves import select
from repro.report.figures.drawn import Drawn, ForestRow
from repro.report.figures.forest import forest
from repro.report.figures.palette import OURS
from repro.report.figures.plan import FigurePlan
from repro.report.figures.plans import PLANS
from repro.report.figures.style import style
from repro.report.figures.svg import svg_of


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
