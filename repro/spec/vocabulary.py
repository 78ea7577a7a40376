"""Whether a claim speaks of tables, columns and names that there are, or that are planned."""

import difflib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pydantic import BaseModel

from repro.contract.vocabulary import VALUES, columns_of, tables
from repro.spec.claim import Claim
from repro.spec.fair import Fair
from repro.spec.quantities import Where
from repro.spec.sabotage import Jitter, Swap

COLUMNS = (
    *("over", "less", "under", "under_less", "knob", "along", "column", "columns", "within"),
    "clusters",
)
"""Fields of a claim's parts that name columns."""


class Unknown(NamedTuple):
    """A word that no table knows."""

    word: str
    """As the claim spells it."""
    what: str
    """What it should be: a table, a column of a table, or a value of a column."""
    nearest: str
    """What may have been meant."""


def unknown_words(claim: Claim) -> Iterator[Unknown]:
    """Every table, column and value of the claim that is not in the vocabulary."""
    for table in claim.reads:
        if table not in tables():
            yield Unknown(table, "a table", _nearest(table, tables()))
    for part, table in _parts(claim, ""):
        known = columns_of(table)
        for column in _columns(part) if known else ():
            if column not in known:
                yield Unknown(column, f"a column of the table {table}", _nearest(column, known))
        yield from _values(part)


def _parts(part: BaseModel, table: str) -> Iterator[tuple[BaseModel, str]]:
    """A part of a claim and all parts of it, each with the table that it speaks of."""
    reads = getattr(part, "reads", table)
    table = reads if isinstance(reads, str) else "fidelity" if isinstance(part, Fair) else table
    yield part, table
    for name in type(part).model_fields:
        value = getattr(part, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, BaseModel):
                yield from _parts(one, table)


def _columns(part: BaseModel) -> Iterator[str]:
    names = (*COLUMNS, "by") if isinstance(part, Jitter) else COLUMNS
    yield from (word for name in names for word in _words(getattr(part, name, ())))


def _values(part: BaseModel) -> Iterator[Unknown]:
    given = part.values if isinstance(part, Where) else ()
    given = (part.a, part.b) if isinstance(part, Swap) else given
    column = getattr(part, "column", "")
    for value in given if column in VALUES else ():
        if value not in VALUES[column]:
            yield Unknown(str(value), f"a {column}", _nearest(str(value), VALUES[column]))


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from (word for one in value for word in _words(one))


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f"perhaps {near[0]!r}" if near else f"one of {', '.join(sorted(known))}"
