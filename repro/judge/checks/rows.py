"""Which rows of a table a condition keeps."""

from functools import partial

import numpy as np

from repro.contract.evidence import Table
from repro.contract.rows import command_of, row_models
from repro.contract.rows.row import Row
from repro.errors import EvidenceError, SpecError, UnreachedError
from repro.spec.quantities import Where
from repro.spec.words import rows as in_words

SHOWN = 6
"""Values of a column listed in a message."""


def column_of(table: Table, column: str) -> np.ndarray:
    """A column by name.

    Raises:
        SpecError: the claim names a column that the table lacks.
    """
    if column not in table.columns:
        raise SpecError(
            f"the claim reads column {column!r}, which table {table.header.name} lacks",
            expected=f"one of {', '.join(table.columns)}",
            mend="edit the claim file",
        )
    return table.columns[column]


def numbers_of(table: Table, column: str) -> np.ndarray:
    """A column of numbers, as float64.

    Raises:
        SpecError: the table lacks the column, or it holds text.
    """
    values = column_of(table, column)
    if values.dtype.kind not in "iuf":
        raise SpecError(
            f"the claim adds up column {column!r} of {table.header.name}, which holds text",
            expected="a column of numbers",
            mend="edit the claim file",
        )
    return values.astype(float)


def select(table: Table, where: tuple[Where, ...]) -> np.ndarray:
    """The mask of the rows on which all conditions hold.

    `pick` acts last, on what all the other conditions leave.

    Raises:
        SpecError: a condition names a column that the table lacks, or compares text with numbers.
        UnreachedError: rows were measured, but none came out as the conditions ask.
        EvidenceError: no row is left, since none was measured.
    """
    for one in where:
        column_of(table, one.column)
    mask = table.ask(columns_read(where), where, partial(_mask, table, where))
    if not mask.any():
        raise _no_rows(table, where)
    return mask


def columns_read(where: tuple[Where, ...]) -> tuple[str, ...]:
    """The columns that a selection looks at."""
    return tuple(dict.fromkeys(one.column for one in where))


def _mask(table: Table, where: tuple[Where, ...]) -> np.ndarray:
    mask = np.ones(len(table), dtype=bool)
    for one in where:
        if one.pick is None:
            mask &= table.ask((one.column,), one, partial(_holds, table, one))
    for one in where:
        if one.pick is not None and mask.any():
            values = numbers_of(table, one.column)
            kept = values[mask]
            mask &= values == (kept.min() if one.pick == "min" else kept.max())
    mask.setflags(write=False)  # it is handed out again
    return mask


def _holds(table: Table, one: Where) -> np.ndarray:
    if one.above is not None:
        return numbers_of(table, one.column) > one.above
    values = table.columns[one.column]
    is_text = values.dtype.kind == "U"
    if any(isinstance(value, str) != is_text for value in one.values):
        raise SpecError(
            f"the claim compares column {one.column!r} of {table.header.name} with {one.values}",
            expected="text" if is_text else "numbers",
            mend="edit the claim file",
        )
    kept = np.zeros(len(table), dtype=bool)
    for value in one.values:
        kept |= values == value
    return kept


def _no_rows(table: Table, where: tuple[Where, ...]) -> EvidenceError:
    name = table.header.name
    outcomes = row_models().get(name, Row).outcomes
    asked = tuple(one for one in where if one.column in outcomes)
    if asked:
        measured = tuple(one for one in where if one.column not in outcomes)
        return _unreached(int(select(table, measured).sum()), measured, asked)
    return EvidenceError(
        f"evidence `{name}` has no row with {in_words(where)}",
        # A saboteur takes rows away and nobody reads what is left: a third of the judge's time.
        expected=partial(_such_rows, table, where),
        mend=f"a profile that measures them, then: {command_of(name)}",
    )


def _such_rows(table: Table, where: tuple[Where, ...]) -> str:
    found = "; ".join(f"{name}: {_listed(table, name)}" for name in columns_read(where))
    return f"such rows (found {found})"


def _unreached(n: int, measured: tuple[Where, ...], asked: tuple[Where, ...]) -> UnreachedError:
    return UnreachedError(
        f"nothing to compare: none of the {n} rows with {in_words(measured)} has {in_words(asked)}",
        expected="one that came out so, at least",
        mend="a setting that gets so far, such as a smaller alpha",
    )


def shown(value: str | float) -> str:
    """A value of a column as messages spell it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _listed(table: Table, column: str) -> str:
    unique = _distinct(table.columns[column])
    text = ", ".join(shown(value) for value in unique[:SHOWN].tolist())
    return text + (", ..." if len(unique) > SHOWN else "")


def _distinct(values: np.ndarray) -> np.ndarray:
    """What `np.unique` gives; of a long column of text ten times as fast."""
    return np.array(sorted(set(values.tolist())))
