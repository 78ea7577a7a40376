"""The features that the paper's intervention patches first, as their claim's card lists them."""

from typing import NamedTuple

import numpy as np

from repro.contract.evidence import Table
from repro.report.figures.curves import above, select
from repro.report.numbers import number

CLAIM = "c06"
"""The claim on whose card they stand."""

PLACES = {
    "io": "the indirect object",
    "s1": "the subject",
    "s2": "the subject when it comes again",
    "end": "the last token",
    "other": "other tokens",
}


class FeatureLine(NamedTuple):
    """One feature: what patching it does, where, on which names, and what it reacts to."""

    feature: int
    effect: str
    place: str
    names: str
    contexts: list[str]


class Listing(NamedTuple):
    """The first features of one dictionary, in the order in which they are patched."""

    dictionary: str
    lines: list[FeatureLine]


def listing(table: Table) -> Listing | None:
    """Those of the middle site's dictionary with the middle penalty and the first seed."""
    rows = above(select(table, site="middle", method="sae", corruption="io"), "alpha", 0)
    if not len(rows):
        return None
    alphas, seed = np.unique(rows.columns["alpha"]), int(rows.columns["seed"].min())
    alpha = float(alphas[len(alphas) // 2])
    chosen = select(rows, alpha=alpha, seed=seed).columns
    lines = [
        FeatureLine(
            feature=int(chosen["feature"][i]),
            effect=f"{number(float(chosen['effect'][i]))} nats a pair",
            place=(
                f"{PLACES[str(chosen['position'][i])]} "
                f"({float(chosen['position_share'][i]):.0%} of its effect)"
            ),
            names=str(chosen["names"][i]),
            contexts=[one for one in str(chosen["contexts"][i]).split(" | ") if one],
        )
        for i in np.argsort(chosen["rank"])
    ]
    return Listing(f"middle site, α = {number(alpha)}, seed {seed}", lines)
