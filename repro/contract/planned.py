"""Tables that claims wait for, and which stage will write them."""

from collections.abc import Mapping

from repro.contract.rows import stage_of

PLANNED: Mapping[str, str] = {
    "interpret": "interpret",
    "features": "features",
    "steer": "steer",
    "erase": "erase",
    "ratings": "rate",
}
"""Tables that claims wait for and no stage writes yet, and which stage will."""


def awaited(table: str) -> str:
    """The stage that writes a table, or will: where a table is absent, the one to wait for."""
    return PLANNED.get(table) or stage_of(table)
