"""Rows of the table that `repro rate --export` writes."""

from collections.abc import Mapping
from typing import ClassVar

from repro.contract.rows.row import Count, Flag, Row, Share


class RatingRow(Row):
    """What one person says of one item: the last answer that was not taken back."""

    table: ClassVar[str] = "ratings"
    command: ClassVar[str] = "repro rate --export --cards DIR --ratings FILE --out DIR"
    key: ClassVar[tuple[str, ...]] = ("rater", "feature")
    units: ClassVar[tuple[str, ...]] = ("rater", "feature")
    at_most: ClassVar[Mapping[str, str]] = {"is_right": "is_catch_item"}

    rater: str
    """Who: a name or a pseudonym."""
    feature: Count
    """Number of the card in the file of cards, from 0; catch items are counted on after those."""
    method: str
    """Name of the decomposition, which no rater sees; planted for a catch item."""
    n: Count
    """Ratings in the row: 1."""
    rating: Share
    """Share of the scale: 0 no pattern, 1 one clear pattern throughout."""
    is_catch_item: Flag
    """1 for an item of known answer, made from the text of the cards; else 0."""
    is_right: Flag
    """1 for a catch item rated on the right side; else 0, also where there is no right side."""
