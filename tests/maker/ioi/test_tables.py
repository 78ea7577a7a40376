"""Whether a setting carries the task: one answer from all its seeds, draws and orders together."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.contract.rows.ioi import CurveRow, EditRow, FeatureRow, IoiRow, LevelRow
from repro.contract.rows.row import Row
from repro.maker.ioi.results import NOT_YET, Localised
from repro.maker.ioi.tables import tables_of

SETTING = {
    "site": "middle", "method": "sae", "alpha": 1.0e-3, "expansion_factor": 2.0, "corruption": "io",
    "selection": "attribution",
}  # fmt: skip
OTHERS = {
    "site": "late", "method": "pca", "alpha": 2.0e-3, "expansion_factor": 4.0, "corruption": "all",
    "selection": "elimination",
}  # fmt: skip
"""Another value of each column that names a setting."""
kl = st.integers(0, 64).map(float)
"""Sums of KL that add up exactly."""


def item(seed: int = 0, draw: int = 0, order: int = 0, **setting: Any) -> dict[str, Any]:
    return {**SETTING, "seed": seed, "draw": draw, "order": order, **setting}


def result(key: dict[str, Any], floor: float, clean: float) -> Localised:
    """What a localisation came to, of which the KL on the select prompts matters here."""
    told = {**key, "carries": NOT_YET}
    moved = {"n": 2, "n_patched": 1, "logit_shift": 1.0, "edit_norm": 1.0, "norm": 2.0}
    edits = [("", key["method"]), (key["method"], "random_edit")]
    return Localised(
        select_clean=clean,
        select_floor=floor,
        short=IoiRow(**told, n=2, n_features=8, kl_area=1.0, kl_clean=1.0, kl_floor=1.0),
        curve=[CurveRow(**told, kl=1.0, kl_reverse=1.0, **moved)],
        levels=[
            LevelRow(**told, level=0.5, n=2, is_reached=1, ln_patched=1.0, edit_norm=1.0, norm=2.0)
        ],
        edits=[
            EditRow(
                **{**told, "method": method}, matched=one, logit_shift_counterfactual=2.0, **moved
            )
            for one, method in edits
        ],
        features=[
            FeatureRow(
                **told, rank=1, feature=3, effect=-0.1, position="io", position_share=1.0,
                names="Mary", contexts="[Mary]",
            )
        ],
    )  # fmt: skip


def rows_of(
    items: list[dict[str, Any]], sums: list[tuple[float, float]], share: float = 0.5
) -> list[IoiRow]:
    results = [result(key, *both) for key, both in zip(items, sums, strict=True)]
    return [row for row in tables_of(results, share)["ioi"] if isinstance(row, IoiRow)]


def carried(floors: list[float], cleans: list[float], share: float = 0.5) -> list[int]:
    """What is said of each of several seeds of one setting."""
    items = [item(seed=seed) for seed in range(len(floors))]
    sums = list(zip(floors, cleans, strict=True))
    return [row.carries for row in rows_of(items, sums, share)]


@pytest.mark.parametrize(("floor", "carries"), [(2.0, 1), (2.0000001, 0), (0.0, 1), (4.0, 0)])
def test_a_setting_carries_the_task_where_at_most_half_is_left(floor: float, carries: int):
    assert carried([floor], [4.0]) == [carries]


@given(st.lists(st.tuples(kl, kl), min_size=1, max_size=9), st.sampled_from([0.25, 0.5, 0.75]))
def test_what_is_left_is_summed_over_all_of_a_setting_before_it_is_compared(
    sums: list[tuple[float, float]], share: float
):
    floors, cleans = map(list, zip(*sums, strict=True))
    expected = int(sum(floors) <= share * sum(cleans))
    assert carried(floors, cleans, share) == [expected] * len(sums)
    assert carried(floors[::-1], cleans[::-1], share) == [expected] * len(sums)


def test_seeds_draws_and_orders_are_pooled():
    """One of eight has lost the task, which the seven others make up for."""
    items = [item(seed, draw, order) for seed, draw, order in product(range(2), repeat=3)]
    floors = [3.0, *[1.0] * 7]
    found = rows_of(items, [(floor, 4.0) for floor in floors])
    assert [row.carries for row in found] == [1] * 8
    assert {(row.seed, row.draw, row.order) for row in found} == set(product(range(2), repeat=3))


@pytest.mark.parametrize("column", OTHERS)
def test_what_names_a_setting_keeps_it_apart_from_others(column: str):
    items = [item(), item(seed=1), item(**{column: OTHERS[column]})]
    found = rows_of(items, [(0.0, 4.0), (1.0, 4.0), (4.0, 4.0)])
    assert [row.carries for row in found] == [1, 1, 0]


@pytest.mark.parametrize(("floor", "carries"), [(0.0, 1), (4.0, 0)])
def test_every_row_of_a_localisation_says_whether_its_setting_carries(floor: float, carries: int):
    tables: dict[str, list[Row]] = tables_of([result(item(), floor, 4.0)], 0.5)
    assert {name: len(rows) for name, rows in tables.items()} == {
        "ioi": 1, "ioi_curves": 1, "ioi_levels": 1, "ioi_edits": 2, "ioi_features": 1,
    }  # fmt: skip
    said = {getattr(row, "carries") for rows in tables.values() for row in rows}  # noqa: B009
    assert said == {carries}
