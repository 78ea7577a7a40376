"""Small tables on cards of interpretability: denominators, and what a unit's score goes with."""

from collections.abc import Iterator, Mapping

import numpy as np

from repro.contract.evidence import Table
from repro.contract.vocabulary import SITES
from repro.report.figures.curves import groups, methods_present, select
from repro.report.figures.palette import METHODS, SCORED, UNIT_SCORES
from repro.report.numbers import DASH, count, fixed
from repro.report.sheet import Sheet

CLAIM = "c01"
"""The claim on whose card all of them stand."""
DRAWN_AT: Mapping[str, tuple[str, ...]] = {
    "c02": ("middle",),
    "c03": ("middle",),
    "c04": ("early", "middle", "late"),
    "k01": ("early",),
    "k02": ("middle",),
}
"""Other claims that rest on the same draws, and the sites of which their units are."""
DRAWS = {
    "effective": ("do something", "drawn", "too rare", "scored"),
    "alive": ("are alive", "drawn alive", "too rare alive", "scored alive"),
}
"""What is told of each draw: eligible, drawn, of these too rare to be explained, scored."""
PROPERTIES = ("density", "skewness", "kurtosis", "entropy")
FEWEST = 10
"""Units below which no correlation is told."""


def sheets(tables: Mapping[str, Table]) -> dict[str, list[Sheet]]:
    """The sheets for which the evidence is there, by the claim on whose card they stand."""
    found: dict[str, list[Sheet]] = {CLAIM: []}
    if "sampled" in tables:
        found[CLAIM] += _denominators(tables["sampled"], tuple(SITES))
        found |= {one: list(_denominators(tables["sampled"], at)) for one, at in DRAWN_AT.items()}
    if "units" in tables:
        found[CLAIM].append(_correlations(tables["units"]))
    return {claim: [sheet for sheet in some if sheet.rows] for claim, some in found.items()}


def _denominators(table: Table, sites: tuple[str, ...]) -> Iterator[Sheet]:
    """From all units to those that were scored, at each site; penalties and seeds together."""
    head = ("decomposition", "units", "never fire", *DRAWS["effective"], *DRAWS["alive"])
    for site, here in _by_site(table, sites):
        rows = [
            (METHODS[method].label, *_counts(select(here, method=method)))
            for method in methods_present(here, SCORED)
        ]
        caption = f"From all units to those that were scored, {site} site, all penalties and seeds"
        yield Sheet(caption, head, rows)


def _counts(rows: Table) -> Iterator[str]:
    once = select(rows, sampled="effective")
    yield from (_sum(once, "n_units"), _sum(once, "n_dead"))
    for sampled in DRAWS:
        there = select(rows, sampled=sampled)
        for column in ("n_eligible", "n_sampled", "n_rare", "n_scored"):
            yield _sum(there, column)


def _correlations(table: Table) -> Sheet:
    """Spearman's rank correlation of a unit's score with what its activations are like."""
    drawn = table.rows((table.columns["is_effective"] == 1) & (table.columns["is_scored"] == 1))
    rows = [
        (f"{METHODS[method].label}, {site}", str(len(some)), *(_rank(some, p) for p in PROPERTIES))
        for site, here in _by_site(drawn, tuple(SITES))
        for method in methods_present(here, UNIT_SCORES)
        for some in [select(here, method=method)]
    ]
    caption = (
        "Spearman's rank correlation of the scores of single units with how often they fire and "
        "how their activations are distributed (appendix C.4), units that do something"
    )
    return Sheet(caption, ("decomposition", "units", *PROPERTIES), rows)


def _rank(rows: Table, column: str) -> str:
    x, y = rows.columns[column], rows.columns["score"]
    if len(rows) < FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return DASH
    return fixed(float(np.corrcoef(_ranks(x), _ranks(y))[0, 1]), 2)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, equal values at the mean of theirs; `scipy.stats` would take half a second."""
    _, place, n = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(n) - (n - 1) / 2)[place]


def _by_site(table: Table, sites: tuple[str, ...]) -> Iterator[tuple[str, Table]]:
    """The rows of each of the sites that is there, by depth as the vocabulary has them."""
    there = {str(site): rows for site, rows in groups(table, "site")}
    for site in sites:
        if site in there:
            yield site.replace("_", " "), there[site]


def _sum(rows: Table, column: str) -> str:
    return count(int(rows.columns[column].sum()))
