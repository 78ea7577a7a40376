"""Intervals: against textbook formulas, under simulation, and by their symmetries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as textbook

from repro.judge.stats import (
    MOST_GROUPS,
    Family,
    Interval,
    Jackknife,
    Noise,
    family_confidence,
    family_of,
    holm,
    intervals,
    jackknife,
    leave_out_sums,
    noises,
)


def ratio_interval(
    over: np.ndarray, under: np.ndarray, families: list[Family], confidence: float = 0.95
) -> Interval:
    sums = leave_out_sums(np.stack([over, under], 1), np.zeros(len(over), int), 1, families)
    spread = jackknife(sums[:, :, 0] / sums[:, :, 1], [one.n_groups for one in families])
    return intervals(spread, confidence)[0]


def one_family(units: np.ndarray, name: str = "document") -> Family:
    return family_of(name, [units], np.zeros(len(units), dtype=int))


def test_a_mean_of_single_rows_has_the_textbook_t_interval():
    values = np.random.default_rng(0).normal(3, 2, 12)
    found = ratio_interval(values, np.ones(12), [one_family(np.arange(12))])
    low, high = textbook.t.interval(0.95, 11, values.mean(), textbook.sem(values))
    assert [found.estimate, found.low, found.high] == pytest.approx([values.mean(), low, high])


def test_families_add_in_quadrature_each_with_its_own_quantile():
    replicates = np.array([[0.0], [1.0], [-1.0], [0.0], [0.5], [-0.5]])
    (found,) = intervals(jackknife(replicates, [3, 2]), 0.95)
    seeds = textbook.t.ppf(0.975, 2) ** 2 * (2 / 3 * 2)
    documents = textbook.t.ppf(0.975, 1) ** 2 * (1 / 2 * 0.5)
    assert found.high == pytest.approx((seeds + documents) ** 0.5)


def test_no_variance_gives_a_point():
    found = ratio_interval(np.ones(6) * 3, np.ones(6), [one_family(np.arange(6))])
    assert found == Interval(3.0, 3.0, 3.0)


@pytest.mark.parametrize("seed_sd", [0.0, 0.1, 0.5, 2.0])
def test_three_seeds_and_twenty_documents_cover_the_truth(seed_sd: float):
    """A bootstrap over three seeds, or pooled degrees of freedom, would fail this."""
    draw, covered, n_trials = np.random.default_rng(1), 0, 1000
    seed, document = (one.ravel() for one in np.indices((3, 20)))
    families = [one_family(seed), one_family(document)]
    for _ in range(n_trials):
        noise = draw.normal(0, seed_sd, 3)[seed] + draw.normal(0, 0.5, 20)[document]
        found = ratio_interval(1 + noise + draw.normal(0, 0.5, 60), np.ones(60), families)
        covered += found.low <= 1 <= found.high
    assert covered / n_trials >= 0.94


@given(st.integers(0, 10_000), st.permutations(range(5)))
def test_relabelling_units_changes_nothing(rng: int, labels: list[int]):
    draw = np.random.default_rng(rng)
    over, units = draw.normal(size=30), np.arange(30) % 5
    here = ratio_interval(over, np.ones(30), [one_family(units)])
    there = ratio_interval(over, np.ones(30), [one_family(np.array(labels)[units] * 7 - 3)])
    assert [here.low, here.high] == pytest.approx([there.low, there.high])


@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_noise_scales_the_width(rng: int, factor: float):
    noise = np.random.default_rng(rng).normal(size=20)
    narrow = ratio_interval(noise, np.ones(20), [one_family(np.arange(20))])
    wide = ratio_interval(noise * factor, np.ones(20), [one_family(np.arange(20))])
    assert wide.high - wide.low == pytest.approx(factor * (narrow.high - narrow.low), rel=1e-6)


def test_many_units_are_put_into_few_groups():
    family = one_family(np.repeat(np.arange(57) * 11, 2))
    assert (family.n_groups, family.n_units) == (MOST_GROUPS, 57)
    assert set(family.members[0]) == set(range(MOST_GROUPS))


def test_a_source_with_one_unit_keeps_its_rows():
    seeds, sources = np.array([0, 1, 2, 0, 0]), np.array([0, 0, 0, 1, 1])
    family = family_of("seed", [seeds], sources)
    assert family.members.tolist() == [[0, 1, 2, -1, -1]]


def test_a_paired_unit_leaves_wherever_it_is_named_and_only_once():
    a, b = np.array([0, 0, 1, 2]), np.array([1, 2, 2, 2])
    family = family_of("seed", [a, b], np.zeros(4, dtype=int))
    sums = leave_out_sums(np.ones((4, 1)), np.zeros(4, dtype=int), 1, [family])
    assert sums.ravel().tolist() == [4, 2, 2, 1]


def test_sums_without_a_group_equal_sums_over_the_other_rows():
    draw = np.random.default_rng(3)
    values, cell, units = draw.normal(size=(40, 2)), draw.integers(0, 3, 40), np.arange(40) % 4
    found = leave_out_sums(values, cell, 3, [one_family(units)])
    for group in range(4):
        for c in range(3):
            kept = values[(units != group) & (cell == c)].sum(axis=0)
            assert found[1 + group, c] == pytest.approx(kept)


def test_a_floor_counts_by_half_the_distance_of_its_two_lines_with_the_fewest_degrees():
    replicates = np.array([[1.0], [1.0], [1.0], [1.0], [1.0], [1.0], [1.2], [0.8]])
    found = jackknife(replicates, [3, 2], n_floors=1)
    assert found.degrees.tolist() == [2, 1, 1]
    assert found.variances[:, 0] == pytest.approx([0.0, 0.0, 0.04])


@given(st.floats(0, 3), st.floats(0.1, 3))
def test_an_error_widens_at_both_ends_and_weakens_every_distance_by_itself(error, variance):
    spread = Jackknife(np.array([1.0]), np.array([[variance]]), np.array([4]))
    (plain,), (wide,) = intervals(spread, 0.95), intervals(spread, 0.95, np.array([error]))
    assert wide.estimate == plain.estimate
    assert wide.high - plain.high == pytest.approx(error)
    assert plain.low - wide.low == pytest.approx(error)
    (noise,) = noises(spread, [error])
    assert noise.p_at(2.0 + error) == pytest.approx(Noise((variance,), (4,)).p_at(2.0))
    assert noise.p_at(error) == 1.0


def test_the_family_interval_is_wider_the_more_claims_there_are():
    assert family_confidence(0.95, 1) == pytest.approx(0.95)
    assert family_confidence(0.95, 10) == pytest.approx(0.995)
    assert family_confidence(0.95, 0) == pytest.approx(0.95)


@given(
    st.lists(st.floats(0.001, 10.0), min_size=1, max_size=3),
    st.lists(st.integers(1, 30), min_size=3, max_size=3),
    st.floats(0.001, 30.0),
)
def test_a_p_value_is_the_level_of_the_interval_that_just_reaches_so_far(
    variances: list[float], degrees: list[int], distance: float
):
    noise = Noise(tuple(variances), tuple(degrees[: len(variances)]))
    p = noise.p_at(distance)
    assert 0 < p < 1
    if p > 1e-12:
        found = Jackknife(np.zeros(1), np.array(variances)[:, None], np.array(noise.degrees))
        (reached,) = intervals(found, 1 - p)
        assert reached.high == pytest.approx(distance, rel=1e-6)


def test_a_p_value_of_one_family_is_that_of_students_t():
    assert Noise((4.0,), (7,)).p_at(3.0) == pytest.approx(2 * textbook.t.sf(1.5, 7))
    assert Noise((4.0,), (7,)).p_at(0.0) == Noise((4.0,), (7,)).p_at(-1.0) == 1.0
    assert Noise((0.0, 0.0), (2, 3)).p_at(1e-9) == 0.0
    assert 0 < Noise((1e-300,), (30,)).p_at(1.0) < 1e-90


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1, max_size=8))
def test_holm_decides_what_stepping_down_decides(p_values: dict[str, float]):
    """Its definition: the smallest of m is held to level / m, the next to level / (m - 1), ..."""
    adjusted = holm(p_values)
    assert adjusted.keys() == p_values.keys()
    for level in (0.01, 0.05, 0.2):
        decided: set[str] = set()
        for i, name in enumerate(sorted(p_values, key=lambda one: p_values[one])):
            if p_values[name] > level / (len(p_values) - i) * (1 + 1e-12):
                break
            decided.add(name)
        assert {name for name, p in adjusted.items() if p <= level * (1 + 1e-12)} == decided


def test_holm_is_never_worse_than_bonferroni():
    adjusted = holm({"a": 0.01, "b": 0.02, "c": 0.5})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.04, "c": 0.5})
