"""What the report draws, one kind of figure at a time."""

from collections.abc import Callable
from typing import NamedTuple

from matplotlib.figure import Figure


class FigurePlan(NamedTuple):
    """One kind of figure: for which claim, from which tables, at which sites, drawn how.

    Each panel shows the rows of one value of the column `by`.
    """

    claim: str
    tables: tuple[str, ...]
    draw: Callable[..., Figure]
    caption: str
    part: str = ""
    sites: tuple[str, ...] = ("middle",)
    by: str = "site"
