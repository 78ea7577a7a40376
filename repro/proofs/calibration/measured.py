"""The world that a real table shows: its rows, its ratios and its noise."""

from collections.abc import Mapping, Sequence

import numpy as np

from repro.contract.evidence import Table
from repro.contract.rows import command_of
from repro.errors import EvidenceError
from repro.judge.checks.cells import columns_of
from repro.judge.checks.rows import select
from repro.proofs.calibration.noise import estimated
from repro.proofs.calibration.worlds import Channels, World, denominators, numerators, same
from repro.spec.decisions import (
    Check,
    Decision,
    Dominates,
    Exceeds,
    Matched,
    Monotone,
    Smooth,
    parts_of,
)
from repro.spec.quantities import Ratio, Where
from repro.spec.words import family

SETTINGS = ("alpha", "k", "expansion_factor")
"""Numbers that are settings; columns of text are settings too."""


def worlds_of(check: Check, tables: Mapping[str, Table]) -> dict[str, World]:
    """The world of each table that a check reads, by name.

    Raises:
        EvidenceError: no row fits a selection, or the rows do not cross all units.
    """
    parts = parts_of(check)
    names = dict.fromkeys(part.reads for part in parts)
    return {
        name: _world([part for part in parts if part.reads == name], tables[name]) for name in names
    }


def ratios_of(part: Decision) -> tuple[Ratio, ...]:
    """The ratios that a rule reads."""
    match part:
        case Dominates(x=x) | Smooth(x=x) | Monotone(matched=Matched(x=x)):
            return part.of, x
        case _:
            return (part.of,)


def selections_of(part: Decision) -> tuple[tuple[Where, ...], ...]:
    """The rows judged first, then those that they are compared with."""
    match part:
        case Dominates(against=rivals):
            return part.where, *(rival.where for rival in rivals)
        case Exceeds(against=tuple() as against):
            return part.where, against
        case _:
            return (part.where,)


def _world(parts: Sequence[Decision], whole: Table) -> World:
    read = {part: np.any([select(whole, s) for s in selections_of(part)], axis=0) for part in parts}
    kept = np.any(list(read.values()), axis=0)
    table = whole.rows(kept)
    clusters = tuple(dict.fromkeys(one for part in parts for one in part.clusters))
    resampled = [
        np.any([read[part][kept] for part in parts if one in part.clusters], axis=0)
        for one in clusters
    ]
    atom = _codes([table.columns[c] for c in _settings(table, parts)])
    units = [_unit_codes(table, columns_of(one)) for one in clusters]
    own = _codes([codes for one in units for codes in one])
    everyone = (*units, own[None])
    ratios: list[Ratio] = []
    for ratio in (ratio for part in parts for ratio in ratios_of(part)):
        ratios += [] if any(same(ratio, other) for other in ratios) else [ratio]
    channels = tuple(_channels(table, ratio, atom) for ratio in ratios)
    first = np.unique(own, return_index=True)[1]
    single = [int(codes.max()) + 1 for codes in units if len(codes) == 1]
    if single and len(first) != np.prod(single):
        raise _unbalanced(table)
    place = _places(table, atom, everyone, resampled, first)
    departures = np.concatenate([_departures(table, one, atom)[place] for one in channels], axis=1)
    floor = np.concatenate([_floor(table, parts[0], one, atom) for one in channels])
    crossed = [codes[:, first] for codes in everyone]
    noise = estimated(departures, crossed, [family(one) for one in clusters], floor)
    return World(table, atom, everyone, noise, channels)


def _settings(table: Table, parts: Sequence[Decision]) -> list[str]:
    named = {one.column for part in parts for where in selections_of(part) for one in where}
    units = {column for part in parts for one in part.clusters for column in columns_of(one)}
    texts = {name for name, values in table.columns.items() if values.dtype.kind not in "iuf"}
    return sorted(({*named, *texts, *SETTINGS} & set(table.columns)) - units)


def _codes(columns: Sequence[np.ndarray]) -> np.ndarray:
    """One code for each distinct line of some columns."""
    code = np.zeros(len(columns[0]), dtype=int)
    for column in columns:
        values = np.unique(column, return_inverse=True)[1]
        code = np.unique(code * (values.max() + 1) + values, return_inverse=True)[1]
    return code


def _unit_codes(table: Table, columns: Sequence[str]) -> np.ndarray:
    values = np.array([table.columns[column] for column in columns])
    return np.unique(values, return_inverse=True)[1].reshape(values.shape)


def _channels(table: Table, ratio: Ratio, atom: np.ndarray) -> Channels:
    over = np.bincount(atom, numerators(table, ratio))
    truth = over / np.bincount(atom, denominators(table, ratio))
    return Channels(ratio, truth, np.ones(len(truth)))


def _departures(table: Table, one: Channels, atom: np.ndarray) -> np.ndarray:
    """What each row adds to the ratio of its atom: (over - truth * under) / mean under."""
    under = denominators(table, one.ratio)
    mean = np.bincount(atom, under) / np.bincount(atom)
    return (numerators(table, one.ratio) - one.truth[atom] * under) / mean[atom]


def _floor(table: Table, part: Decision, one: Channels, atom: np.ndarray) -> np.ndarray:
    """Standard deviation of a share at the rule's threshold, were a row's items independent.

    sqrt(p (1 - p) / n), with n the mean denominator
    """
    mean = np.bincount(atom, denominators(table, one.ratio)) / np.bincount(atom)
    edge = 1 / (mean + 1)
    share = np.clip(part.low if part.kind == "within" else part.margin, edge, 1 - edge)
    return np.sqrt(share * (1 - share) / mean)


def _places(
    table: Table,
    atom: np.ndarray,
    units: Sequence[np.ndarray],
    resampled: Sequence[np.ndarray],
    first: np.ndarray,
) -> np.ndarray:
    """For each crossing of units (lines) and each atom, the row that stands for it.

    A method without randomness has one seed; its rows then stand for every seed. So do rows whose
    seed follows the prompts (a design along the diagonal) under a rule that resamples the prompts
    alone: `resampled` says for each family which rows it names.
    """
    columns = []
    for one in range(int(atom.max()) + 1):
        rows = np.flatnonzero(atom == one)
        varying = [
            codes
            for codes, named in zip(units[:-1], resampled, strict=True)
            if named[rows].any() and len(np.unique(codes[:, rows])) > len(codes)
        ]
        keys = np.concatenate(varying) if varying else np.zeros((1, len(atom)), dtype=int)
        place = dict(zip(map(tuple, keys[:, rows].T.tolist()), rows.tolist(), strict=True))
        wanted = list(map(tuple, keys[:, first].T.tolist()))
        if len(place) != len(rows) or not place.keys() >= set(wanted):
            raise _unbalanced(table)
        columns.append([place[key] for key in wanted])
    return np.array(columns).T


def _unbalanced(table: Table) -> EvidenceError:
    name = table.header.name
    return EvidenceError(
        f"evidence `{name}` does not measure every setting on the same units",
        expected="one row for each setting, seed and document",
        mend=command_of(name),
    )
