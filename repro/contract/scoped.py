"""Whether a table speaks of what its header claims: sites, seeds, tokens, the paper's setting."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from repro.contract.header import Header, Scope

PLANTED = "planted"
"""How the names of sites begin that are no hook points of a model."""
TRAINED = "sae"
"""How the names of methods begin that are trained once a seed."""
MEASURED_ON_ALL = "fidelity"
"""The table that has every seed of the grid, and every held-out token."""

PAPERS_MODELS = ("pythia-70m", "pythia-410m")
"""What the names of the paper's language models hold, in whatever profile they are used."""

Columns = Mapping[str, np.ndarray]


def contradictions(header: Header, columns: Columns) -> Iterator[str]:
    """What of the claimed scope the rows do not bear out, each in a sentence."""
    scope = header.scope
    if scope is None:
        return
    if scope.is_paper_setting and not any(one in scope.model.lower() for one in PAPERS_MODELS):
        yield f"it claims the paper's own setting, yet its model is {scope.model}"
    if "site" in columns:
        yield from _sites(scope, columns)
    if {"site", "method", "seed"} <= columns.keys():
        yield from _seeds(scope, columns, is_whole=header.name == MEASURED_ON_ALL)
    if header.name == MEASURED_ON_ALL:
        yield from _tokens(scope, columns)


def _sites(scope: Scope, columns: Columns) -> Iterator[str]:
    found = {site for site in set(columns["site"].tolist()) if not site.startswith(PLANTED)}
    if more := found - scope.sites.keys():
        yield f"it has rows at {_listed(more)}, its scope speaks of {_listed(scope.sites)}"


def _seeds(scope: Scope, columns: Columns, *, is_whole: bool) -> Iterator[str]:
    methods = {one for one in set(columns["method"].tolist()) if one.startswith(TRAINED)}
    methods -= {one for one in methods if one.startswith("saelens")}
    found = set(columns["seed"][np.isin(columns["method"], sorted(methods))].tolist())
    if more := found - set(scope.seeds):
        yield f"it has seeds {_listed(more)}, its scope speaks of {_listed(scope.seeds)}"
    if is_whole and found and (missing := set(scope.seeds) - found):
        yield f"its scope speaks of seeds {_listed(missing)}, of which it has no row"


def _tokens(scope: Scope, columns: Columns) -> Iterator[str]:
    """Each document counts once a site, whatever the number of dictionaries."""
    told, sums = scope.tokens.get("heldout"), set[int]()
    for site in set(columns["site"].tolist()):
        here = columns["site"] == site
        _, first = np.unique(columns["document"][here], return_index=True)
        sums.add(int(columns["n_tokens"][here][first].sum()))
    if told is not None and told not in sums:
        yield f"its scope speaks of {told} held-out tokens, its rows of {_listed(sums)}"


def _listed(values: Iterable[str | int]) -> str:
    return ", ".join(sorted(map(str, values)))
