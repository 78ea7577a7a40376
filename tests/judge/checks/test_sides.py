"""A comparison is as thin as its thinnest cell, and rests on the same units on all sides."""

from typing import Any

import numpy as np
import pytest

from repro.contract.evidence import Table
from repro.judge.checks import run_check
from repro.judge.checks.outcome import Outcome
from repro.spec import Exceeds, Ratio, Unpaired, Where
from tests.judge_strategies import table_of

SHARE = Ratio(name="share", unit="1", over="squared_error", under="variance")


def worlds(
    *, of_rival: tuple[int, int] = (3, 6), method: str = "sae_untied", first: int = 0
) -> Table:
    """Ours with three seeds on six documents, and a rival with as many as is said."""
    rows = [("sae", seed, document) for seed in range(3) for document in range(6)]
    seeds, documents = of_rival
    rows += [
        (method, seed, document + first) for seed in range(seeds) for document in range(documents)
    ]
    rng = np.random.default_rng(0)
    methods, seed, document = (np.array(one) for one in zip(*rows, strict=True))
    error = np.where(methods == "sae", 0.2, 0.8) + rng.normal(0, 0.01, len(rows))
    return table_of(method=methods, seed=seed, document=document, squared_error=error, variance=1.0)


def found(table: Table, method: str = "sae_untied", **more: Any) -> Outcome:
    """Is the rival's share larger than ours?"""
    check = Exceeds(
        reads="fidelity",
        of=SHARE,
        where=(Where(column="method", values=(method,)),),
        against=(Where(column="method", values=("sae",)),),
        margin=0.1,
        clusters=("seed", "document"),
        **more,
    )
    return run_check(check, {"fidelity": table}, 0.95)


def test_equal_sides_are_compared():
    assert found(worlds()).status == "supported"


@pytest.mark.parametrize(("seeds", "documents"), [(1, 6), (2, 6), (3, 1), (3, 2)])
def test_a_thin_side_decides_nothing_whichever_it_is(seeds: int, documents: int):
    table = worlds(of_rival=(seeds, documents))
    what = f"{seeds} of seed" if seeds < 3 else f"{documents} of document"
    for one in (found(table), found(swapped(table))):
        assert (one.status, one.is_measured) == ("inconclusive", False)
        assert what in one.reason
        assert "3 are needed" in one.reason


def swapped(table: Table) -> Table:
    methods = table.columns["method"]
    return table.replace(method=np.where(methods == "sae", "sae_untied", "sae"))


@pytest.mark.parametrize(
    ("method", "documents", "is_measured"),
    [("neurons", 6, True), ("mean", 6, True), ("neurons", 2, False), ("pca", 6, False)],
)
def test_one_seed_is_all_there_is_of_a_rival_without_randomness(
    method: str, documents: int, is_measured: bool
):
    check = Exceeds(
        reads="fidelity",
        of=SHARE,
        where=(Where(column="method", values=("sae",)),),
        against=(Where(column="method", values=(method,)),),
        margin=0.1,
        clusters=("seed", "document"),
    )
    table = worlds(of_rival=(1, documents), method=method)
    assert run_check(check, {"fidelity": table}, 0.95).is_measured == is_measured


@pytest.mark.parametrize(("documents", "first"), [(5, 0), (6, 1), (6, 6)])
def test_sides_on_different_documents_decide_nothing(documents: int, first: int):
    table = worlds(of_rival=(3, documents), first=first)
    one = found(table)
    assert (one.status, one.is_measured) == ("inconclusive", False)
    assert "rest on different units of document" in one.reason
    free = (Unpaired(column="document", why="planted"),)
    assert found(table, unpaired=free).status == "supported"


def levels(reached: int) -> Table:
    """Nine curves, of which some come down to a level."""
    runs = [(seed, draw) for seed in range(3) for draw in range(3)]
    seed, draw = (np.array(one) for one in zip(*runs, strict=True))
    is_reached = (np.arange(9) >= 9 - reached).astype(int)
    rng = np.random.default_rng(1)
    norm = 1.0 + rng.normal(0, 0.01, 9)
    return table_of(
        "ioi_levels", method="sae", seed=seed, draw=draw, is_reached=is_reached,
        edit_norm=0.5 * is_reached, norm=norm,
    )  # fmt: skip


def spared(table: Table, clusters: tuple[str, ...] = ("draw",)) -> Outcome:
    check = Exceeds(
        reads="ioi_levels",
        of=Ratio(name="spared", unit="1", over="norm", less="edit_norm", under="norm"),
        where=(Where(column="is_reached", values=(1,)),),
        margin=0.1,
        clusters=clusters,
        min_clusters=1,
    )
    return run_check(check, {"ioi_levels": table}, 0.95)


@pytest.mark.parametrize(("reached", "is_measured"), [(9, True), (5, True), (4, False), (1, False)])
def test_a_level_that_few_curves_reach_decides_nothing(reached: int, is_measured: bool):
    one = spared(levels(reached))
    assert one.is_measured == is_measured
    assert (one.n["rows"], one.n["rows measured"]) == (reached, 9)
    if not is_measured:
        assert f"few came so far: {reached} of 9 rows" in one.reason
        assert "at least 50% are needed" in one.reason
