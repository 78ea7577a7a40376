"""A small table on the card of steering: continuations as they are, none of them picked."""

from collections.abc import Mapping

from repro.contract.evidence import Table
from repro.report.figures.curves import groups, select
from repro.report.sheet import Sheet

CLAIM = "c23"
"""The claim on whose card they stand."""
EXAMPLES = 10
"""Features that are shown: the first ones in the order of seed and number, drawn at random."""


def sheets(tables: Mapping[str, Table]) -> dict[str, list[Sheet]]:
    """The sheet for which the evidence is there, by the claim on whose card it stands."""
    found = [_examples(tables["steer_texts"])] if "steer_texts" in tables else []
    return {CLAIM: [sheet for sheet in found if sheet.rows]}


def _examples(table: Table) -> Sheet:
    """A continuation of each feature, before one prompt after the other."""
    rows: list[tuple[str, ...]] = []
    drawn = select(table, chosen="random")
    for seed, of_seed in groups(drawn, "seed"):
        for feature, here in groups(of_seed, "feature"):
            columns = here.columns
            at = len(rows) % len(here)
            label = f"{feature:g} of seed {seed:g}: {columns['keywords'][at]}"
            told = (columns[name][at] for name in ("beginning", "plain", "steered"))
            rows.append((label, *(" ".join(str(one).split()) for one in told)))
    caption = (
        f"What is written, untouched and with the feature pushed at the allowed cost: the first "
        f"{EXAMPLES} features that were drawn, a prompt each, none picked"
    )
    return Sheet(caption, ("feature", "prompt", "untouched", "steered"), rows[:EXAMPLES])
