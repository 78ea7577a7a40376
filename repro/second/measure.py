"""The numbers of one rule, from the rows of its table (sections 1 to 4)."""

from collections.abc import Sequence

from repro.second.cells import Layout, Point, laid_out, point, side, sides_of
from repro.second.noise import Family, Number, jackknife
from repro.second.quantities import errors, thetas
from repro.second.rows import Rows
from repro.second.shares import agreeing, counted_parts, share_error, shifted
from repro.second.thin import refuse_thin
from repro.second.units import groups_of, strata_that_give, without
from repro.spec.decisions import Decision


def numbers_of(rule: Decision, table: Rows) -> list[Number]:
    """Each θ of a rule with its noise.

    Raises:
        NoRows: a side has no row.
        TooThin: nothing can be said.
        NoValue: a ratio or a logarithm has no value.
    """
    sides = [side(table, conditions) for conditions in sides_of(rule)]
    layout = laid_out(rule, sides)
    refuse_thin(rule, table, sides, layout)
    whole = [point(cell) for cell in layout.cells]
    theta = thetas(rule, layout, whole)
    noise = _noise(rule, layout, whole, len(theta))
    interpolation = errors(rule, layout, whole)
    return [
        Number(one, tuple(families), error)
        for one, families, error in zip(theta, noise, interpolation, strict=True)
    ]


def _noise(
    rule: Decision, layout: Layout, whole: Sequence[Point], numbers: int
) -> list[list[Family]]:
    """For each θ what the families add: those left out in turn, then shares that agree."""
    left = [_left_out(rule, layout, place) for place in range(len(rule.clusters))]
    noise: list[list[Family]] = [[] for _ in range(numbers)]
    for groups in left:
        again = [thetas(rule, layout, points) for points in groups]
        for place in range(numbers):
            noise[place].append(jackknife([one[place] for one in again]))
    fewest = min(one.degrees for one in noise[0])
    every = [points for groups in left for points in groups]
    for cell in agreeing(rule, whole, every):
        for place, variance in enumerate(_of_a_share(rule, layout, whole, cell)):
            noise[place].append(Family(variance, fewest))
    return noise


def _left_out(rule: Decision, layout: Layout, place: int) -> list[list[Point]]:
    """What all cells come to without each group of a family."""
    family = rule.clusters[place]
    giving = strata_that_give(layout.cells, family)
    return [
        [point(without(cell, family, group, giving)) for cell in layout.cells]
        for group in groups_of(layout.cells, family)
    ]


def _of_a_share(rule: Decision, layout: Layout, whole: Sequence[Point], place: int) -> list[float]:
    """V of each θ from one cell: the square of half the difference of θ (section 4, Shares)."""
    error = share_error(layout.cells[place], counted_parts(rule.reads, rule.of))
    up, down = shifted(whole[place], error, rule.of.scale)
    above, below = [*whole], [*whole]
    above[place], below[place] = up, down
    high, low = thetas(rule, layout, above), thetas(rule, layout, below)
    return [((a - b) / 2.0) ** 2 for a, b in zip(high, low, strict=True)]
