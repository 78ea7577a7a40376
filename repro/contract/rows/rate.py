"""Rows of the table that `repro rate --export` writes."""

from typing import ClassVar

from repro.contract.rows.row import Row


class RatingRow(Row):
    """What one person says of one item: the last answer that was not taken back."""

    table: ClassVar[str] = "ratings"
    command: ClassVar[str] = "repro rate --export --cards DIR --ratings FILE --out DIR"

    rater: str
    """Who: a name or a pseudonym."""
    feature: int
    """Number of the card in the file of cards, from 0; catch items are counted on after those."""
    method: str
    """Name of the decomposition, which no rater sees; planted for a catch item."""
    n: int
    """Ratings in the row: 1."""
    rating: float
    """Share of the scale: 0 no pattern, 1 one clear pattern throughout."""
    is_catch_item: int
    """1 for an item of known answer, made from the text of the cards; else 0."""
    is_right: int
    """1 for a catch item rated on the right side; else 0, also where there is no right side."""
