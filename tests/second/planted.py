"""Small tables and rules for them, with answers that are known by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from repro.second.rows import Rows
from repro.spec import Check, Claim, Control, Exceeds, Paper, Ratio, Where, Within
from repro.spec.decisions import parts_of

MEAN = Ratio(name="mean", unit="1", over="score", under="n")
SHARE = Ratio(name="recovered share", unit="1", over="n_recovered", under="n_true")
SCORES = (0.0, 1.0, 2.0, 3.0, 4.0)
"""Mean 2, standard error sqrt(0.5)."""


def rows(table: str = "planted", **columns: Sequence[Any]) -> Rows:
    """Rows from their columns."""
    return Rows(table, {name: np.asarray(column) for name, column in columns.items()})


def scores(*given: float, method: str = "sae", first_seed: int = 0) -> Rows:
    """One row a seed, with a score."""
    seeds = range(first_seed, first_seed + len(given))
    return rows(method=[method] * len(given), seed=list(seeds), score=given, n=[1] * len(given))


def shares(*given: int, n: int = 10) -> Rows:
    """One row of `toy` a seed: so many of n planted features recovered."""
    return rows(
        "toy",
        method=["sae"] * len(given),
        seed=list(range(len(given))),
        n_recovered=given,
        n_true=[n] * len(given),
        cosine=[float(one) for one in given],
    )


def beside(*tables: Rows) -> Rows:
    """The rows of several tables, one below the other."""
    names = tables[0].columns
    return Rows(
        tables[0].table,
        {name: np.concatenate([one.columns[name] for one in tables]) for name in names},
    )


def of_method(name: str) -> tuple[Where, ...]:
    """The rows of one method."""
    return (Where(column="method", values=(name,)),)


def exceeds(margin: float = 0.0, **more: Any) -> Exceeds:
    """A rule on the mean score of `sae`, over seeds."""
    given: dict[str, Any] = {
        "reads": "planted", "of": MEAN, "where": of_method("sae"), "clusters": ("seed",), **more,
    }  # fmt: skip
    return Exceeds(margin=margin, **given)


def within(low: float, high: float, **more: Any) -> Within:
    """Whether the mean score of `sae` lies in a band."""
    given: dict[str, Any] = {
        "reads": "planted", "of": MEAN, "where": of_method("sae"), "clusters": ("seed",), **more,
    }  # fmt: skip
    return Within(low=low, high=high, **given)


def claim(check: Check, *controls: Control, name: str = "c01") -> Claim:
    """A claim that reads what its rules read."""
    checks = (check, *(one.check for one in controls))
    reads = {part.reads for one in checks for part in parts_of(one)}
    return Claim(
        id=name,
        source="paper",
        paper=Paper(section="1"),
        reads=tuple(sorted(reads)),
        check=check,
        controls=controls,
        says="x",
        deviation="x",
        refuted_by="x",
        unit="1",
    )


def written(folder: Path, *tables: Rows) -> Path:
    """A folder with these tables."""
    for one in tables:
        columns = {name: column.tolist() for name, column in one.columns.items()}
        pq.write_table(pa.table(columns), folder / f"{one.table}.parquet")
    return folder
