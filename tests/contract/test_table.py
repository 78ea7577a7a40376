"""A table remembers what was found out about its columns, and never of other ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.contract.evidence import Table
from tests.judge_strategies import table_of

pytestmark = pytest.mark.property

NAMES = ("a", "b", "c")
VALUES = st.lists(st.integers(0, 9), min_size=4, max_size=4).map(np.array)
CHANGES = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1), max_size=4)


def total(table: Table, columns: tuple[str, ...]) -> int:
    """The sum over some columns, asked as the judge asks."""
    return table.ask(columns, "total", lambda: int(sum(table.columns[c].sum() for c in columns)))


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)), CHANGES, st.data())
def test_an_answer_is_that_of_the_tables_own_columns(columns, changes, data):
    """Asked in any order of a table and of those that were made of it by changing columns."""
    tables = [table_of(**columns)]
    for change in changes:
        tables.append(data.draw(st.sampled_from(tables)).replace(**change))
    asked = st.tuples(st.sampled_from(tables), st.sets(st.sampled_from(NAMES), min_size=1))
    for table, some in data.draw(st.lists(asked, max_size=8)):
        named = tuple(sorted(some))
        assert total(table, named) == sum(int(table.columns[c].sum()) for c in named)


def test_what_stays_as_it_was_is_found_once():
    table = table_of(a=np.arange(4), b=np.arange(4), c=np.arange(4))
    found = []

    def look() -> int:
        found.append(1)
        return 7

    changed = table.replace(a=np.zeros(4, dtype=int))
    assert changed.ask(("b", "c"), "seven", look) == table.ask(("b", "c"), "seven", look) == 7
    assert len(found) == 1
    assert changed.ask(("a", "b"), "seven", look) == table.ask(("a", "b"), "seven", look) == 7
    assert len(found) == 3


def test_rows_are_taken_when_a_column_is_read():
    columns = {"a": np.arange(4), "b": np.array(list("wxyz"))}
    kept = table_of(**columns).rows(np.array([True, False, True, False]))
    assert (len(kept), list(kept.columns), "c" in kept.columns) == (2, ["a", "b"], False)
    assert kept.columns["b"].tolist() == ["w", "y"]
    assert kept.columns["b"] is kept.columns["b"]
    with pytest.raises(KeyError):
        _ = kept.columns["c"]
