"""Tables that `dvc plots` draws: the same points as the report's figures, as CSV."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from repro.contract.evidence import Table
from repro.report.figures.curves import curve, select
from repro.report.figures.drawn import ForestRow
from repro.report.figures.localisation import KL, papers_rows, series
from repro.report.figures.palette import METHODS
from repro.report.figures.tradeoff import FVU, L0, compared

Row = Mapping[str, float | str]
SITE = "middle"


def plots(tables: Mapping[str, Table], standing: Mapping[str, ForestRow]) -> dict[str, str]:
    """Text of each CSV file by its name; a table that is not there makes one without rows."""
    return {
        "tradeoff": _csv(("series", "l0", "fvu"), _tradeoff(tables)),
        "localisation": _csv(("series", "patched", "kl"), _localisation(tables)),
        "forest": _csv(("claim", "standing", "low", "high"), _forest(standing)),
    }


def _tradeoff(tables: Mapping[str, Table]) -> Iterator[Row]:
    """FVU at the L0 of each setting, all seeds together."""
    if "fidelity" not in tables:
        return
    table = select(tables["fidelity"], site=SITE)
    for method, rows in compared(table):
        points = curve(rows, METHODS[method].knob, L0, FVU)
        for l0, fvu in zip(points.x.tolist(), points.y.tolist(), strict=True):
            yield {"series": METHODS[method].label, "l0": l0, "fvu": fvu}


def _localisation(tables: Mapping[str, Table]) -> Iterator[Row]:
    """KL after each number of patched features, all seeds and draws together."""
    if "ioi_curves" not in tables:
        return
    table = select(tables["ioi_curves"], site=SITE)
    for look, rows in series(papers_rows(table, "attribution")):
        points = curve(rows, "n_patched", None, KL)
        for patched, kl in zip(points.x.tolist(), points.y.tolist(), strict=True):
            yield {"series": look.label, "patched": patched, "kl": kl}


def _forest(standing: Mapping[str, ForestRow]) -> Iterator[Row]:
    """How far each condition lies from its threshold, each on its own scale; 0 is the threshold."""
    for claim, one in standing.items():
        yield {"claim": claim, "standing": one.estimate, "low": one.low, "high": one.high}


def _csv(head: Sequence[str], rows: Iterator[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, head, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
