"""A small table on a card."""

from typing import NamedTuple


class Sheet(NamedTuple):
    """A small table of words and formatted numbers; the first column names the row."""

    caption: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
