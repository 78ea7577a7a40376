"""At the very edge: on a threshold, on an end of a band, at a degree, on the first of many rows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.contract.verdict import Status
from repro.errors import DegenerateInputError
from repro.judge.checks.cells import Cell, Thin, cells_along
from repro.judge.checks.curves import common_means, heights_at, residuals
from repro.judge.checks.outcome import Contrast, above, below, inside, joined, unmeasured
from repro.judge.checks.replicates import Replicates, families_of
from repro.judge.stats import Interval, family_of
from repro.spec import Exceeds, Ratio, Where, Within, describe
from tests.judge_strategies import table_of

SHARE = Ratio(name="share", unit="units", over="over", under="under")
SHARED: dict[str, Any] = {
    "reads": "fidelity",
    "of": SHARE,
    "where": (Where(column="method", values=("sae",)),),
    "clusters": ("seed",),
}
CHECK = Exceeds(**SHARED, margin=0.5)


def contrast(low: float, high: float, name: str = "it") -> Contrast:
    interval = Interval((low + high) / 2, low, high)
    return Contrast(name, interval, interval)


@pytest.mark.parametrize(
    ("low", "high", "up", "down"),
    [
        (0.6, 0.9, Status.SUPPORTED, Status.REFUTED),
        (0.5, 0.9, Status.INCONCLUSIVE, Status.INCONCLUSIVE),
        (0.4, 0.9, Status.INCONCLUSIVE, Status.INCONCLUSIVE),
        (0.1, 0.5, Status.INCONCLUSIVE, Status.INCONCLUSIVE),
        (0.1, 0.4, Status.REFUTED, Status.SUPPORTED),
        (0.5, 0.5, Status.INCONCLUSIVE, Status.INCONCLUSIVE),
    ],
)
def test_an_interval_that_touches_the_margin_straddles_it(
    low: float, high: float, up: Status, down: Status
):
    assert above(CHECK, [contrast(low, high)], 0.5).status == up
    assert below(CHECK, [contrast(low, high)], 0.5).status == down


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        (0.2, 0.4, Status.SUPPORTED),
        (0.3, 0.3, Status.SUPPORTED),
        (0.1, 0.2, Status.INCONCLUSIVE),
        (0.4, 0.5, Status.INCONCLUSIVE),
        (0.1, 0.5, Status.INCONCLUSIVE),
        (0.1, 0.19, Status.REFUTED),
        (0.41, 0.5, Status.REFUTED),
    ],
)
def test_the_ends_of_a_band_belong_to_it(low: float, high: float, status: Status):
    check = Within(**SHARED, low=0.2, high=0.4)
    assert inside(check, contrast(low, high), 0.2, 0.4).status == status


def test_the_deciding_contrast_is_the_least_favourable_one():
    many = [contrast(0.6, 0.9, "a"), contrast(0.3, 0.95, "b"), contrast(0.1, 0.4, "c")]
    assert above(CHECK, many[:2], 0.5).reason.startswith("b ")
    assert above(CHECK, many, 0.5).reason.startswith("c ")
    assert below(CHECK, many[1:], 0.5).reason.startswith("b ")
    assert below(CHECK, many, 0.5).reason.startswith("a ")
    assert [one.name for one in above(CHECK, many, 0.5).contrasts] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("rule", "low", "high", "told"),
    [
        (above, 0.6, 0.8, "it 0.7 [0.6, 0.8] is above 0.5"),
        (above, 0.1, 0.3, "it 0.2 [0.1, 0.3] is below 0.5"),
        (above, 0.4, 0.8, "it 0.6 [0.4, 0.8] straddles 0.5"),
        (above, 0.1, 0.5, "it 0.3 [0.1, 0.5] straddles 0.5"),
        (below, 0.6, 0.8, "it 0.7 [0.6, 0.8] is above 0.5"),
        (below, 0.1, 0.3, "it 0.2 [0.1, 0.3] is below 0.5"),
        (below, 0.4, 0.8, "it 0.6 [0.4, 0.8] straddles 0.5"),
        (below, 0.5, 0.9, "it 0.7 [0.5, 0.9] straddles 0.5"),
    ],
)
def test_the_reason_holds_the_numbers_and_the_side(rule: Any, low: float, high: float, told: str):
    assert rule(CHECK, [contrast(low, high)], 0.5).reason == told


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.6, 0.8, "it 0.7 [0.6, 0.8] lies inside [0.5, 1]"),
        (0.1, 0.3, "it 0.2 [0.1, 0.3] lies outside [0.5, 1]"),
        (0.4, 0.8, "it 0.6 [0.4, 0.8] lies partly inside [0.5, 1]"),
        (0.1, 0.5, "it 0.3 [0.1, 0.5] lies partly inside [0.5, 1]"),
        (1.0, 1.2, "it 1.1 [1, 1.2] lies partly inside [0.5, 1]"),
    ],
)
def test_the_reason_holds_the_band(low: float, high: float, told: str):
    assert inside(CHECK, contrast(low, high), 0.5, 1).reason == told


def test_the_reason_says_where_only_the_joint_interval_straddles():
    chance = "yet by no more than one condition of several, or one end of a band, may by chance"
    high = Contrast("it", Interval(0.7, 0.6, 0.8), Interval(0.7, 0.4, 1.0))
    low = Contrast("it", Interval(0.3, 0.2, 0.4), Interval(0.3, 0.0, 0.6))
    assert below(CHECK, [high], 0.5).reason == f"it 0.7 [0.6, 0.8] is above 0.5, {chance}"
    assert above(CHECK, [low], 0.5).reason == f"it 0.3 [0.2, 0.4] is below 0.5, {chance}"
    for found in (below(CHECK, [high], 0.5), above(CHECK, [low], 0.5)):
        assert found.status == Status.INCONCLUSIVE
    beside = inside(CHECK, low, 0.5, 1)
    assert beside.reason == f"it 0.3 [0.2, 0.4] lies outside [0.5, 1], {chance}"


def test_the_reason_holds_the_other_contrasts():
    many = [contrast(0.4, 0.8), contrast(1, 2, "b"), contrast(2, 4, "c")]
    assert above(CHECK, many, 0.5).reason == (
        "it 0.6 [0.4, 0.8] straddles 0.5 (the others: b 1.5 [1, 2]; c 3 [2, 4])"
    )


def test_parts_are_numbered_and_each_tells_its_reason():
    parts = [above(CHECK, [contrast(0.6, 0.8)], 0.5), above(CHECK, [contrast(0.1, 0.3)], 0.5)]
    found = joined(parts)
    assert found.reason == (
        "part 1 supported: it 0.7 [0.6, 0.8] is above 0.5; "
        "part 2 refuted: it 0.2 [0.1, 0.3] is below 0.5"
    )
    assert found.parts == tuple(parts)
    assert found.interval == parts[1].interval
    assert joined([parts[0], unmeasured(CHECK, "too thin")]).status == Status.INCONCLUSIVE
    first, second = found.as_parts()
    assert (first.status, second.status) == ("supported", "refuted")
    assert (first.estimate, first.low, first.high) == pytest.approx((0.7, 0.6, 0.8))
    assert first.says == second.says == describe(CHECK)


def test_what_is_not_measured_has_no_numbers_and_keeps_its_threshold():
    (part,) = unmeasured(CHECK, "too thin").as_parts()
    assert (part.status, part.estimate, part.low, part.high) == ("inconclusive", None, None, None)
    assert (part.unit, part.threshold) == ("units", [0.5])
    logged = CHECK.model_copy(update={"of": SHARE.model_copy(update={"scale": "log"})})
    assert unmeasured(logged, "too thin").unit == "ln(share)"
    (band,) = unmeasured(Within(**SHARED, low=0.2, high=0.4), "too thin").as_parts()
    assert band.threshold == [0.2, 0.4]


@pytest.mark.parametrize(
    ("low", "high", "finding"),
    [(-0.4, -0.1, "the opposite"), (-0.4, 0.1, "smaller than what counts"), (0.6, 0.8, None)],
)
def test_a_refutation_names_its_finding(low: float, high: float, finding: str | None):
    """The other way round, or the right way and too little."""
    compared = CHECK.model_copy(update={"against": CHECK.where})
    assert above(compared, [contrast(low, high)], 0.5).finding == finding
    assert above(CHECK, [contrast(low, high)], 0.5).finding is None


@given(st.integers(1, 4), st.integers(0, 1000))
def test_what_is_left_of_a_curve_is_that_of_polyfit_line_by_line(degree: int, rng: int):
    draw = np.random.default_rng(rng)
    x, y = np.sort(draw.uniform(1, 9, (3, 8)), axis=1), draw.normal(size=(3, 8))
    x += np.array([[0.0], [30.0], [-70.0]])
    expected = [
        b - np.polynomial.Polynomial.fit(a, b, degree)(a) for a, b in zip(x, y, strict=True)
    ]
    assert residuals(x, y, degree) == pytest.approx(np.array(expected), abs=1e-7)


def test_the_common_range_is_what_every_curve_covers():
    def line(start: float, end: float) -> tuple[np.ndarray, np.ndarray]:
        x = np.linspace(start, end, 5)[None]
        return x, x

    assert common_means([line(0, 4), line(2, 6)])[0] == pytest.approx([3, 3])
    assert common_means([line(2, 6), line(0, 4), line(1, 3)])[0] == pytest.approx([2.5] * 3)
    with pytest.raises(Thin) as caught:
        common_means([line(0, 1), line(1, 2)])
    assert str(caught.value) == (
        "the curves share no range of x to compare them on (they cover 1 to 2.718, 2.718 to 7.389)"
    )


def test_points_of_a_curve_may_come_in_any_order():
    x, y = np.array([[3.0, 1.0, 2.0]]), np.array([[9.0, 1.0, 4.0]])
    whole = (np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 4.0, 9.0]]))
    there = common_means([(x, y), whole])[0]
    assert there[0] == pytest.approx(there[1])


def test_a_family_is_called_by_its_name():
    assert family_of("seed", [np.arange(4)], np.zeros(4, dtype=int)).name == "seed"


def test_each_replicate_has_its_own_common_range():
    draw = np.random.default_rng(5)
    curves = [
        (np.sort(draw.uniform(a, a + 5, (4, 6)), axis=1), draw.normal(size=(4, 6))) for a in (0, 1)
    ]
    together = common_means(curves)
    for line in range(4):
        alone = common_means([(x[line : line + 1], y[line : line + 1]) for x, y in curves])
        assert together[line] == pytest.approx(alone[0])


labels = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 2)), min_size=2, max_size=40
)


@given(labels)
def test_rows_are_split_by_the_values_of_all_columns_together(keys: list[tuple[int, int, int]]):
    """The oracle is a dictionary of lists, which knows no codes."""
    alpha, width, k = np.array(keys).T
    table = table_of(alpha=alpha, expansion_factor=width, k=k, method="sae")
    expected: dict[tuple, list[int]] = {}
    for row, key in enumerate(keys):
        expected.setdefault(key, []).append(row)
    where = (Where(column="method", values=("sae",)),)
    found = cells_along(table, where, "alpha", "expansion_factor", "k")
    assert list(found) == sorted(expected)
    assert {key: cell.rows.tolist() for key, cell in found.items()} == expected


@given(labels)
def test_a_unit_leaves_where_its_site_and_method_together_have_another(
    keys: list[tuple[int, int, int]],
):
    site, method, seed = np.array(keys).T
    table = table_of(
        site=np.array(["early", "middle", "late"])[site],
        method=np.array(["sae", "pca", "ica", "neurons"])[method],
        seed=seed,
    )
    (family,) = families_of(table, np.arange(len(keys)), ("seed",))
    seeds_of: dict[tuple[int, int], set[int]] = {}
    for s, m, one in keys:
        seeds_of.setdefault((s, m), set()).add(one)
    expected = [len(seeds_of[s, m]) > 1 for s, m, _ in keys]
    assert (family.members[0] >= 0).tolist() == expected


def sums(over: list[float], under: list[float]) -> Replicates:
    cells = tuple(Cell(f"cell {i}", np.array([i])) for i in range(len(over)))
    return Replicates(cells, ("over", "under"), np.array([np.stack([over, under], axis=1)]), (1,))


def test_the_axis_of_a_curve_is_the_logarithm_of_the_ratio_once():
    held = sums([8.0, 2.0], [2.0, 4.0])
    logged = SHARE.model_copy(update={"scale": "log"})
    assert held.log_of(SHARE)[0] == pytest.approx(np.log([4.0, 0.5]))
    assert held.log_of(logged)[0] == pytest.approx(np.log([4.0, 0.5]))
    assert held.ratio(logged)[0] == pytest.approx(np.log([4.0, 0.5]))


@pytest.mark.parametrize(
    ("over", "under", "told"),
    [
        ([8.0, 2.0], [2.0, 0.0], "cell 1: its denominator is not above 0"),
        ([0.0, 2.0], [2.0, 4.0], "cell 0: the argument of its logarithm is not above 0"),
    ],
)
def test_a_ratio_without_a_value_is_told_with_its_cell(
    over: list[float], under: list[float], told: str
):
    with pytest.raises(DegenerateInputError) as caught:
        sums(over, under).log_of(SHARE)
    assert caught.value.found == f"share has no value for {told}"


def test_small_values_have_their_logarithm():
    assert sums([1e-9], [1.0]).log_of(SHARE)[0] == pytest.approx(np.log([1e-9]))


def test_points_that_coincide_get_a_chord_and_those_just_apart_a_parabola():
    """A slope between points 1e-7 apart would be all rounding."""
    at, y = np.array([1.5]), np.array([0.0, 0.0, 1.0])
    assert heights_at(at, np.array([0.0, 1e-7, 2.0]), y)[0] == pytest.approx(0.75)
    apart = np.array([0.0, 1e-5, 2.0])
    expected = np.polynomial.Polynomial.fit(apart, y, 2)(1.5)
    assert heights_at(at, apart, y)[0] == pytest.approx(expected)
    assert expected == pytest.approx(0.5625, abs=1e-4)
