"""Move the truth of a world so that the contrasts of one rule take given values."""

from typing import assert_never

import numpy as np

from repro.judge.checks.cells import Cell, cell_of, cells_along
from repro.judge.checks.curves import residuals
from repro.proofs.calibration.worlds import World
from repro.spec.decisions import Decision, Dominates, Exceeds, Matched, Monotone, Smooth, Within
from repro.spec.quantities import Ratio, Where


def moved(part: Decision, world: World, changes: np.ndarray, by_rival: bool = False) -> World:
    """The world in which each contrast of a rule has changed by `changes`.

    Only the judged quantity moves, never the x of a curve; whole curves keep their shape. For
    `Smooth` see `flattened`: its distances are set, not changed.

    Args:
        part: the rule.
        world: where it is judged.
        changes: one for each contrast.
        by_rival: whether the rows compared with move, since other rules judge the same rows.
    """
    match part:
        case Exceeds(against=tuple() as against) if by_rival:
            rival = cell_of(world.table, "compared with", against)
            shifts = _on_atoms(world, [rival], -changes)
        case Exceeds() | Within():
            judged = cell_of(world.table, "judged", part.where)
            shifts = _on_atoms(world, [judged], changes)
        case Monotone():
            shifts = _steps(part, world, changes)
        case Dominates():
            shifts = _curves(part, world, changes)
        case Smooth():
            raise TypeError("distances from a polynomial are set, not changed")
        case _ as never:
            assert_never(never)
    return world.moved(part.of, shifts)


def flattened(part: Smooth, world: World, size: float) -> World:
    """The world whose curve is its own polynomial, but for one distance of just `size`.

    The point is the one that the polynomial follows least, so that all other distances are
    smaller; they are as small as one distance of this size allows.
    """
    cells = list(cells_along(world.table, part.where, part.knob).values())
    x = np.log(_heights(world, part.x, cells))[None]
    y = _heights(world, part.of, cells)[None]
    y = np.log(y) if part.of.scale == "log" else y
    left = residuals(x, y, part.degree)[0]
    projection = residuals(np.repeat(x, len(cells), 0), np.eye(len(cells)), part.degree)
    point = int(np.diag(projection).argmax())
    wanted = size * projection[point] / projection[point, point]
    if left[point] < 0:
        wanted = -wanted
    return world.moved(part.of, _on_atoms(world, cells, wanted - left))


def _steps(part: Monotone, world: World, changes: np.ndarray) -> np.ndarray:
    """Heights that rise by the changed steps and keep their mean."""
    knobs: tuple[str, ...] = (part.matched.knob,) if isinstance(part.matched, Matched) else ()
    cells = cells_along(world.table, part.where, part.along, *knobs)
    values = sorted({key[0] for key in cells})
    steps = np.repeat(changes, len(values) - 1) if part.by == "mean_step" else changes
    heights = np.concatenate([[0.0], np.cumsum(steps)]) * (1 if part.direction == "rising" else -1)
    heights -= heights.mean()
    each = np.array([heights[values.index(key[0])] for key in cells])
    return _on_atoms(world, list(cells.values()), each)


def _curves(part: Dominates, world: World, changes: np.ndarray) -> np.ndarray:
    """Rivals go up, or where one would have to go down, ours and all the others do."""
    wheres: list[tuple[Where, ...]] = [part.where, *(rival.where for rival in part.against)]
    cells = [cell_of(world.table, "curve", where) for where in wheres]
    shifts = np.concatenate([[0.0], changes])
    return _on_atoms(world, cells, shifts - shifts.min())


def _heights(world: World, ratio: Ratio, cells: list[Cell]) -> np.ndarray:
    truth = world.channels[world.channel_of(ratio)].truth
    return np.array([truth[world.atom[cell.rows[0]]] for cell in cells])


def _on_atoms(world: World, cells: list[Cell], shifts: np.ndarray) -> np.ndarray:
    """Shifts of cells, given to the atoms that they are made of."""
    result = np.zeros(int(world.atom.max()) + 1)
    for cell, shift in zip(cells, shifts, strict=True):
        result[np.unique(world.atom[cell.rows])] = shift
    return result
