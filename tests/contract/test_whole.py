"""A table that breaks what its row model declares is refused, whatever its hash says."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.contract.evidence import read_evidence, read_header
from repro.contract.parquet import read_table, table_of, values_of, write_table
from repro.contract.rows import row_models
from repro.contract.whole import STRATA, faults_of
from repro.contract.written import column_types
from repro.errors import EvidenceError
from tests.planted_evidence import World, write_world

TABLES = sorted(row_models())
BOUNDS = [(name, column) for name in TABLES for column in row_models()[name].bounds()]
RELATIONS = [(name, part) for name in TABLES for part in row_models()[name].at_most]
UNITS = [
    (name, unit)
    for name in TABLES
    for unit in (row_models()[name].units if row_models()[name].measured else ())
]
Columns = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every table, all as they should be."""
    folder = tmp_path_factory.mktemp("world")
    write_world(folder, World())
    return folder


def columns_of(folder: Path, name: str) -> Columns:
    """The columns of a table, which may be changed."""
    table = read_table(folder / f"{name}.parquet", read_header(folder, name).sha256, "")
    kinds = column_types(row_models()[name])
    return {c: np.array(values_of(kind, table.column(c))) for c, kind in kinds.items()}


def told(name: str, columns: Columns) -> str:
    """What is said to be wrong with a table."""
    plain: Mapping[str, Any] = {c: values.tolist() for c, values in columns.items()}
    return "; ".join(faults_of(row_models()[name], table_of(plain), columns))


def signed(folder: Path, name: str, columns: Columns, header: Mapping[str, Any]) -> None:
    """Write a table and a header that vouches for it."""
    path = folder / f"{name}.parquet"
    sha256 = write_table(path, table_of({c: v.tolist() for c, v in columns.items()}))
    beside = path.with_suffix(".json")
    old = json.loads(beside.read_text(encoding="utf8"))
    n_rows = len(next(iter(columns.values())))
    new = old | {"sha256": sha256, "n_rows": n_rows} | dict(header)
    beside.write_text(json.dumps(new), encoding="utf8")


def test_every_table_is_named_by_a_key_of_its_own_columns():
    for name in TABLES:
        model = row_models()[name]
        assert model.key
        named = {*model.key, *model.units, *model.measured, *model.at_most, *model.at_most.values()}
        assert named <= set(model.model_fields)
        assert set(model.units) <= set(model.key)
        assert not set(model.measured) & set(model.key)


@pytest.mark.parametrize("name", TABLES)
def test_what_a_stage_may_write_is_whole(world: Path, name: str):
    columns = columns_of(world, name)
    assert told(name, columns) == ""
    order = np.random.default_rng(0).permutation(len(columns[row_models()[name].key[0]]))
    assert told(name, {c: values[order] for c, values in columns.items()}) == ""


@pytest.mark.parametrize("name", TABLES)
def test_two_rows_of_one_key_are_refused(world: Path, name: str):
    """Whether they say the same or contradict each other."""
    columns = columns_of(world, name)
    twice = {c: np.concatenate([values, values[:1]]) for c, values in columns.items()}
    assert "2 rows have one key" in told(name, twice)
    key = row_models()[name].key
    again = {c: np.concatenate([values, values[-1:]]) for c, values in columns.items()}
    for column in again.keys() - set(key):
        again[column][-1] = again[column][0]
    assert f"{key[0]} {columns[key[0]][-1]}" in told(name, again)


@pytest.mark.parametrize(("name", "column"), BOUNDS, ids=lambda value: value)
def test_a_value_that_cannot_be_is_refused(world: Path, name: str, column: str):
    low, high = row_models()[name].bounds()[column]
    for end, beyond in ((low, -1), (high, 1)):
        if end is not None:
            columns = columns_of(world, name)
            columns[column][0] = end + beyond
            assert f"{column} is {end + beyond:g} in one row" in told(name, columns)


@pytest.mark.parametrize(("name", "part"), RELATIONS, ids=lambda value: value)
def test_a_part_that_is_more_than_its_whole_is_refused(world: Path, name: str, part: str):
    columns, whole = columns_of(world, name), row_models()[name].at_most[part]
    columns[part][0] = columns[whole][0] + 1
    assert f"more than {whole}" in told(name, columns)


@pytest.mark.parametrize(("name", "unit"), UNITS, ids=lambda value: value)
def test_a_unit_that_is_a_copy_of_another_is_refused(world: Path, name: str, unit: str):
    found = list(copied(columns_of(world, name), name, unit))
    if not found:
        pytest.skip(f"no source of {name} has two of {unit} with rows alike")
    for columns in found:
        assert "the same to the last bit" in told(name, columns)


def copied(columns: Columns, name: str, unit: str) -> Iterator[Columns]:
    """For some sources of rows: one unit's rows once more, under the name of another."""
    model = row_models()[name]
    source = np.array(["/".join(map(str, one)) for one in _rows(columns, STRATA)])
    rest = np.array(list(map(str, _rows(columns, [c for c in model.key if c != unit]))))
    for one in np.unique(source):
        here = source == one
        names = np.unique(columns[unit][here])
        if len(names) > 1:
            a, b = (here & (columns[unit] == which) for which in names[:2])
            values = np.stack([columns[c][a].astype(float) for c in model.measured])
            is_telling = (values != values.round()).any() or len(np.unique(values)) >= 4
            if is_telling and set(rest[a]) == set(rest[b]):
                kept = {c: np.concatenate([v[~b], v[a]]) for c, v in columns.items()}
                kept[unit][-int(a.sum()) :] = names[1]
                yield kept


def _rows(columns: Columns, names: Any) -> list[tuple[Any, ...]]:
    return list(zip(*(columns[c].tolist() for c in names if c in columns), strict=True))


def test_copies_are_found_in_the_tables_of_every_stage_that_has_seeds(world: Path):
    """So that the skipped cases above are few and known."""
    found = {name for name, unit in UNITS if any(copied(columns_of(world, name), name, unit))}
    assert {
        "fidelity",
        "dictionaries",
        "interpret",
        "ioi",
        "ioi_curves",
        "features",
        "toy",
    } <= found
    assert {"steer", "erase", "circuits", "spliced", "refit", "purity"} <= found


def test_equal_counts_of_few_units_are_no_copies(world: Path):
    """All of three dictionaries live and none has a twin: that may be so."""
    columns = columns_of(world, "dictionaries")
    mine = columns["method"] == "random"
    assert len(np.unique(columns["n_alive"][mine])) == 1
    assert told("dictionaries", columns) == ""


def test_a_sum_beyond_all_numbers_is_refused(world: Path):
    columns = columns_of(world, "fidelity")
    columns["squared_error"][:2] = 1.7e308
    assert "the sum of squared_error is beyond" in told("fidelity", columns)


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("name", "refit"),
        ("schema_version", 1),
        ("stage", "ioi"),
        ("n_rows", 7),
        ("columns", {"site": "str"}),
    ],
)
def test_a_header_that_contradicts_its_table_is_refused(tmp_path: Path, field: str, says: object):
    write_world(tmp_path, World())
    signed(tmp_path, "fidelity", columns_of(tmp_path, "fidelity"), {field: says})
    with pytest.raises(EvidenceError, match=f"contradicts its table: {field}") as caught:
        read_evidence(tmp_path, "fidelity")
    assert "dvc repro fidelity" in str(caught.value)


def test_a_signed_table_that_is_not_whole_names_what_is_wrong_and_what_to_type(tmp_path: Path):
    write_world(tmp_path, World())
    columns = columns_of(tmp_path, "fidelity")
    columns["squared_error"][0] = -1.0
    signed(tmp_path, "fidelity", columns, {})
    with pytest.raises(EvidenceError, match="squared_error is -1 in one row, below 0") as caught:
        read_evidence(tmp_path, "fidelity")
    assert "dvc repro fidelity" in str(caught.value)


@pytest.mark.parametrize(("name", "part"), RELATIONS[:6], ids=lambda value: value)
def test_a_row_that_breaks_a_relation_is_never_made(world: Path, name: str, part: str):
    model, columns = row_models()[name], columns_of(world, name)
    row = {c: values[0].item() for c, values in columns.items()}
    model(**row)
    with pytest.raises(ValueError, match=f"more than {model.at_most[part]}"):
        model(**row | {part: row[model.at_most[part]] + 1})
