"""Sections 1 and 2: conditions, ratios, units, groups, and what is too thin."""

import math

import pytest

from repro.second.cells import Cell, point, side
from repro.second.measure import numbers_of
from repro.second.rows import Rows, selected
from repro.second.stops import NoRows, NoValue, TooThin
from repro.second.units import groups_of, strata_that_give, units_of, without
from repro.spec import Exceeds, Ratio, Unpaired, Where
from tests.second.planted import MEAN, beside, exceeds, of_method, rows, scores

TABLE = rows(alpha=[0.0, 0.1, 0.2, 0.2], seed=[0, 0, 0, 1], score=[1.0, 2.0, 3.0, 4.0], n=[1] * 4)


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ((Where(column="alpha", values=(0.0, 0.1)),), [1.0, 2.0]),
        ((Where(column="alpha", above=0.1),), [3.0, 4.0]),
        ((Where(column="alpha", pick="max"), Where(column="seed", values=(0,))), [3.0]),
        ((Where(column="alpha", pick="max"), Where(column="alpha", values=(0.0, 0.1))), [2.0]),
        ((Where(column="seed", pick="min"), Where(column="alpha", pick="min")), [1.0]),
        ((Where(column="alpha", pick="max"), Where(column="seed", pick="min")), [3.0]),
        ((Where(column="alpha", above=0.2), Where(column="alpha", pick="max")), []),
    ],
)
def test_conditions_keep_rows_and_the_ends_are_asked_last_in_order(
    conditions: tuple[Where, ...], left: list[float]
):
    assert selected(TABLE, conditions).columns["score"].tolist() == left


def test_a_ratio_is_one_of_sums_and_never_a_mean_of_ratios():
    table = rows(over=[1.0, 9.0], less=[0.5, 0.5], under=[1.0, 4.0], under_less=[0.5, 0.5])
    of = Ratio(name="r", unit="1", over="over", less="less", under="under", under_less="under_less")
    assert point(Cell(table, of)).y == 9.0 / 4.0
    logarithm = of.model_copy(update={"scale": "log"})
    assert point(Cell(table, logarithm)).y == math.log(9.0 / 4.0)
    assert point(Cell(table, MEAN.model_copy(update={"over": "over", "under": "under"}), of)).x == (
        pytest.approx(math.log(9.0 / 4.0))
    )


@pytest.mark.parametrize(
    ("score", "n", "scale"), [(1.0, 0, "linear"), (1.0, -1, "linear"), (0.0, 1, "log")]
)
def test_a_ratio_without_value_breaks(score: float, n: int, scale: str):
    of = MEAN.model_copy(update={"scale": scale})
    with pytest.raises(NoValue):
        point(Cell(rows(score=[score], n=[n]), of))


def test_a_ratio_without_value_when_a_group_is_left_out_breaks_too():
    table = rows(method=["sae"] * 3, seed=[0, 1, 2], score=[1.0] * 3, n=[2, -1, 1])
    with pytest.raises(NoValue):
        numbers_of(exceeds(), table)


def test_no_row_is_absent_and_no_row_that_came_out_as_asked_is_inconclusive():
    table = rows("ioi_levels", method=["sae"], is_reached=[0])
    with pytest.raises(NoRows):
        side(table, of_method("pca"))
    with pytest.raises(TooThin):
        side(table, (*of_method("sae"), Where(column="is_reached", values=(1,))))


@pytest.mark.parametrize(("reached", "is_enough"), [(3, True), (2, False)])
def test_a_side_rests_on_enough_of_the_rows_that_were_measured(reached: int, is_enough: bool):
    flags = [1] * reached + [0] * (5 - reached)
    table = rows(
        "ioi_levels", method=["sae"] * 5, seed=list(range(5)), is_reached=flags, score=[1.0] * 5,
        n=[1] * 5,
    )  # fmt: skip
    where = (*of_method("sae"), Where(column="is_reached", values=(1,)))
    rule = exceeds(where=where, reads="ioi_levels", min_clusters=2)
    if is_enough:
        assert len(numbers_of(rule, table)) == 1
    else:
        with pytest.raises(TooThin, match="came out"):
            numbers_of(rule, table)


def test_of_more_than_twenty_units_rank_i_is_in_group_i_modulo_twenty():
    many = Cell(scores(*[1.0] * 45), MEAN)
    groups = groups_of([many], "seed")
    assert len(groups) == 20
    assert groups[4] == {4, 24, 44}
    assert groups[19] == {19, 39}
    assert groups_of([Cell(scores(1.0, 2.0), MEAN)], "seed") == [{0}, {1}]


def test_lone_strata_do_not_leave():
    both = Cell(beside(scores(1.0, 2.0, 3.0), scores(9.0, method="pca")), MEAN)
    giving = strata_that_give([both], "seed")
    left = without(both, "seed", {0}, giving)
    assert left.rows.columns["score"].tolist() == [2.0, 3.0, 9.0]


def test_a_row_of_two_units_leaves_with_either_once():
    pairs = rows(method=["sae"] * 3, seed_a=[0, 0, 1], seed_b=[1, 2, 2], score=[1.0, 2.0, 3.0])
    cell, family = Cell(pairs, MEAN), ("seed_a", "seed_b")
    assert units_of(pairs, family) == {0, 1, 2}
    left = [
        without(cell, family, group, strata_that_give([cell], family))
        .rows.columns["score"]
        .tolist()
        for group in groups_of([cell], family)
    ]
    assert left == [[3.0], [2.0], [1.0]]


AGAINST = exceeds(against=of_method("neurons"))


def documents(*given: int, method: str) -> Rows:
    many = len(given)
    return rows(
        method=[method] * many, seed=[0] * many, document=given, score=[1.0] * many, n=[1] * many
    )


@pytest.mark.parametrize(
    ("rule", "table", "why"),
    [
        (exceeds(), scores(1.0, 2.0), "fewer than 3"),
        (exceeds(min_clusters=4), scores(1.0, 2.0, 3.0), "fewer than 4"),
        (
            AGAINST,
            beside(scores(1.0, 2.0, 3.0), scores(1.0, 2.0, method="neurons")),
            None,
        ),
        (
            exceeds(against=of_method("random")),
            beside(scores(1.0, 2.0, 3.0), scores(1.0, 2.0, method="random")),
            "fewer than 3",
        ),
        (AGAINST, beside(scores(1.0, 2.0, 3.0), scores(1.0, method="neurons", first_seed=7)), None),
        (
            exceeds(against=of_method("neurons"), clusters=("document",)),
            beside(documents(0, 1, 2, method="sae"), documents(0, 1, 3, method="neurons")),
            "different units",
        ),
        (
            exceeds(
                against=of_method("neurons"),
                clusters=("document",),
                unpaired=(Unpaired(column="document", why="planted"),),
            ),
            beside(documents(0, 1, 2, method="sae"), documents(0, 1, 3, method="neurons")),
            None,
        ),
        (
            exceeds(clusters=(("seed_a", "seed_b"),), min_clusters=2),
            rows(method=["sae"], seed_a=[0], seed_b=[1], score=[1.0], n=[1]),
            "no row without",
        ),
    ],
)
def test_what_is_too_thin(rule: Exceeds, table: Rows, why: str | None):
    if why is None:
        assert len(numbers_of(rule, table)) == 1
    else:
        with pytest.raises(TooThin, match=why):
            numbers_of(rule, table)
