"""Whether a table is whole: it keeps the keys, bounds and relations that its row model declares.

A table that breaks one of them was not written by its stage, or by one with a bug: no number of it
may be used. Units that agree to the last bit are one unit under two names, and would make an
interval of nothing.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from repro.contract.parquet import ArrowTable, codes_of
from repro.contract.rows.row import ROUNDING, Row

STRATA = ("site", "method", "regime", "scorer")
"""Columns that name a source of rows, within which units are compared in all their settings."""
DISTINCT = 4
"""Different numbers in which two units must agree to be called copies, where one is not enough."""

Columns = Mapping[str, np.ndarray]


def faults_of(model: type[Row], table: ArrowTable, columns: Columns) -> Iterator[str]:
    """What is wrong with a table, each in a sentence; nothing where it is whole.

    Args:
        model: its row model.
        table: as the file holds it.
        columns: its values, by column.
    """
    yield from _out_of_bounds(model, columns)
    yield from _unrelated(model, columns)
    yield from _overflowing(columns)
    codes = {name: codes_of(table.column(name)).astype(np.int64) for name in model.key}
    yield from _repeated(model, codes, columns)
    for unit in model.units:
        yield from _copied(model, codes, columns, unit)


def _out_of_bounds(model: type[Row], columns: Columns) -> Iterator[str]:
    for name, (low, high) in model.bounds().items():
        least, most = columns[name].min(), columns[name].max()
        if low is not None and least < low:
            yield f"{name} is {least:g} in one row, below {low:g}"
        if high is not None and most > high:
            yield f"{name} is {most:g} in one row, above {high:g}"


def _unrelated(model: type[Row], columns: Columns) -> Iterator[str]:
    for part, whole in model.at_most.items():
        size, most = np.abs(columns[part]), columns[whole]
        slack = ROUNDING * np.maximum(np.abs(most), 1.0) if size.dtype.kind == "f" else 0
        bad = np.flatnonzero(size > most + slack)
        if len(bad):
            i = bad[0]
            yield f"{part} is {size[i]:g} in one row, more than {whole}, which is {most[i]:g}"


def _overflowing(columns: Columns) -> Iterator[str]:
    with np.errstate(over="ignore"):
        for name, values in columns.items():
            if values.dtype.kind == "f" and not np.isfinite(np.abs(values).sum()):
                yield f"the sum of {name} is beyond what a number can hold"


def _repeated(model: type[Row], codes: Columns, columns: Columns) -> Iterator[str]:
    if not model.key:
        return
    code = _together(codes, model.key)
    _, first, n = np.unique(code, return_index=True, return_counts=True)
    if (n > 1).any():
        row = first[int(np.argmax(n > 1))]
        named = ", ".join(f"{name} {columns[name][row]}" for name in model.key)
        yield f"{int(n.max())} rows have one key: {named}"


def _copied(model: type[Row], codes: Columns, columns: Columns, unit: str) -> Iterator[str]:
    """Units that agree to the last bit: in one setting, or in all settings of a source."""
    if not model.measured:
        return
    values = np.stack([columns[name].astype(float) for name in model.measured], axis=1)
    rest = [name for name in model.key if name != unit]
    row = _mixed(_together(codes, rest), values)
    setting = tuple(name for name in model.key if name not in model.units)
    source = tuple(name for name in STRATA if name in model.key)
    units = codes[unit]
    for cell in (setting, source):
        found = _alike(_together(codes, cell), units, row, values, is_whole=cell is source)
        if found is not None:
            one, other = (columns[unit][i] for i in found)
            named = ", ".join(f"{name} {columns[name][found[0]]}" for name in cell)
            yield f"{unit} {one} and {unit} {other} are the same to the last bit at {named}"
            return


def _alike(
    cell: np.ndarray, unit: np.ndarray, row: np.ndarray, values: np.ndarray, *, is_whole: bool
) -> tuple[int, int] | None:
    """A row of each of two units of one cell that agree in all their rows, if there are any."""
    code = cell * (int(unit.max()) + 1) + unit
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    sums = np.zeros(len(first), dtype=np.uint64)
    np.add.at(sums, group, row)
    telling = _telling(group, len(first), values, is_whole=is_whole)
    pairs = np.stack([cell[first].astype(np.uint64), sums], axis=1)[telling]
    order = np.lexsort(pairs.T)
    same = np.flatnonzero((pairs[order][1:] == pairs[order][:-1]).all(axis=1))
    if not len(same):
        return None
    one, other = sorted(first[telling][order[same[0] : same[0] + 2]].tolist())
    return one, other


def _telling(group: np.ndarray, n_groups: int, values: np.ndarray, *, is_whole: bool) -> np.ndarray:
    """Groups whose agreement is no chance.

    All that a source says of a unit holds a fraction, which is never met twice by chance, or
    several numbers: units of one kind may all live, and none have a twin. In one setting a score
    of few cases may be met twice, so that several fractions are asked for.
    """
    is_fraction = values != np.round(values)
    of = np.broadcast_to(group[:, None], values.shape)
    some = np.bincount(of[is_fraction], minlength=n_groups) > 0
    kept = ~some[of] if is_whole else is_fraction
    of, value = of[kept], values[kept]
    order = np.lexsort((value, of))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(of[order]) != 0) | (np.diff(value[order]) != 0)
    many = np.bincount(of[order][is_new], minlength=n_groups) >= DISTINCT
    return some | many if is_whole else many


def _together(codes: Columns, names: Sequence[str]) -> np.ndarray:
    """One number for the values of several columns, the same in rows that agree in all of them."""
    code, span = np.zeros_like(next(iter(codes.values()))), 1
    for own in (codes[name] for name in names):
        size = int(own.max()) + 1
        if span * size > 2**62:
            code = np.unique(code, return_inverse=True)[1]
            span = int(code.max()) + 1
        code, span = code * size + own, span * size
    return code


def _mixed(code: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A 64-bit hash of each row: its code and the bits of its values (finaliser of MurmurHash3)."""
    found = code.astype(np.uint64)
    for column in np.ascontiguousarray(values.T):
        found = (found ^ column.view(np.uint64)) * np.uint64(0xFF51AFD7ED558CCD)
        found ^= found >> np.uint64(33)
        found *= np.uint64(0xC4CEB9FE1A85EC53)
        found ^= found >> np.uint64(33)
    return found
