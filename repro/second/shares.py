"""The noise that is left to a share on which all units agree (section 4, "Shares")."""

import math
from collections.abc import Sequence

from repro.contract.rows import row_models
from repro.contract.rows.row import Row
from repro.second.cells import Cell, Point
from repro.spec.decisions import Decision
from repro.spec.quantities import Ratio


def counted_parts(table: str, of: Ratio) -> list[str]:
    """Columns counted among `under`; none where r is no such share, as the row model declares.

    `over` among `under`; or `less` among `under`, `over` being `under` or itself among it. The
    one that equals `under` is counted without error and left out.
    """
    model = row_models().get(table)
    if model is None or of.under_less is not None:
        return []
    parts = [of.over] if of.less is None else [of.over, of.less]
    parts = [one for one in parts if one != of.under]
    return parts if all(_is_among(model, one, of.under) for one in parts) else []


def _is_among(model: type[Row], part: str, whole: str) -> bool:
    """Whether both are counts, and the row model says that one never passes the other."""
    fields = model.model_fields
    counts = all(name in fields and fields[name].annotation is int for name in (part, whole))
    return counts and model.at_most.get(part) == whole


def share_error(cell: Cell, parts: Sequence[str]) -> float:
    """The error e = sqrt(p(1 - p)/(n + 4)), p = (s + 2)/(n + 4), in quadrature over the parts."""
    n = cell.rows.total(cell.of.under)
    square = 0.0
    for part in parts:
        p = (cell.rows.total(part) + 2.0) / (n + 4.0)
        square += p * (1.0 - p) / (n + 4.0)
    return math.sqrt(square)


def shifted(point: Point, error: float, scale: str) -> tuple[Point, Point]:
    """A cell's number with r + e and with r - e; of a logarithm ln r + e/r and ln r - e/r."""
    by = error / point.ratio if scale == "log" else error
    return (
        Point(point.ratio, point.y + by, point.x),
        Point(point.ratio, point.y - by, point.x),
    )


def agreeing(rule: Decision, whole: Sequence[Point], left: Sequence[Sequence[Point]]) -> list[int]:
    """Places of the cells whose r is the same to the last bit without any group.

    Args:
        rule: the rule; none agrees in one that says why it is `exact`.
        whole: what the cells come to.
        left: the same without each group of each family.
    """
    if rule.exact or not counted_parts(rule.reads, rule.of):
        return []
    return [
        place
        for place, one in enumerate(whole)
        if all(points[place].ratio == one.ratio for points in left)
    ]
