"""Whether a claim names tables, columns and values that are there, or that are planned."""

from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple, cast

from pydantic import BaseModel

from repro.contract.vocabulary import VALUES, columns_of, tables
from repro.spec.claim import Claim
from repro.spec.decisions import Rule
from repro.spec.fair import Fair
from repro.spec.nearest import nearest
from repro.spec.quantities import Where
from repro.spec.sabotage import Jitter, Sabotage, Swap
from repro.spec.scored import Scored

COLUMNS = frozenset(
    {"over", "less", "under", "under_less", "column", "columns", "knob", "along", "within"}
    | {"clusters"}
)
"""Fields of all parts of a claim that name columns; `by` of a jitter is one more."""

Value = str | int | float


class Unknown(NamedTuple):
    """A word that nothing declares."""

    word: Value
    """As the claim spells it."""
    what: str
    """What it stands for: table, column of a table, site, method, or value of a column."""
    meant: str
    """What may have been meant."""


def unknown_words(claim: Claim) -> list[Unknown]:
    """Every table, column and value of the claim that nothing declares, each once.

    The columns of a table that is itself unknown are not looked at.
    """
    found = [*_unknown("table", claim.reads, tables())]
    for table, part in _parts("", claim):
        if table in tables():
            found += _unknown(f"column of the table {table}", _columns(part), columns_of(table))
        found += _unknown_values(part)
    return list(dict.fromkeys(found))


def _parts(table: str, part: BaseModel) -> Iterator[tuple[str, BaseModel]]:
    """A part of a claim and all that it is made of, each with the table that it speaks of."""
    table = part.reads if isinstance(part, Rule | Sabotage) else table
    yield table, part
    fields = (part.controls,) if isinstance(part, Fair | Scored) else dict(part).values()
    for inner in _flat(tuple(fields)):
        if isinstance(inner, BaseModel):
            yield from _parts(table, inner)


def _columns(part: BaseModel) -> Iterator[str]:
    named = COLUMNS | {"by"} if isinstance(part, Jitter) else COLUMNS
    values = tuple(value for field, value in part if field in named)
    yield from (value for value in _flat(values) if isinstance(value, str))


def _unknown_values(part: BaseModel) -> Iterator[Unknown]:
    column, given = _expected(part)
    what = column if column in ("site", "method") else f"value of the column {column}"
    if column in VALUES:
        yield from _unknown(what, given, VALUES[column])


def _expected(part: BaseModel) -> tuple[str, tuple[Value, ...]]:
    """A column and the values that a part of a claim looks for in it."""
    match part:
        case Where():
            return part.column, part.values
        case Scored():
            return "scorer", (part.scorer,)
        case Swap():
            return part.column, (part.a, part.b)
        case _:
            return "", ()


def _unknown(what: str, given: Iterable[Value], known: Set[Value]) -> Iterator[Unknown]:
    yield from (Unknown(one, what, _meant(one, known)) for one in given if one not in known)


def _meant(word: Value, known: Set[Value]) -> str:
    texts = sorted(one for one in known if isinstance(one, str))
    numbers = ", ".join(sorted(str(one) for one in known))
    return nearest(str(word), texts) if texts else f"one of the numbers {numbers}"


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, tuple):
        for inner in cast("tuple[object, ...]", value):
            yield from _flat(inner)
    else:
        yield value
