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
    family_confidence,
    family_of,
    intervals,
    jackknife,
    leave_out_sums,
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


def test_the_family_interval_is_wider_the_more_claims_there_are():
    assert family_confidence(0.95, 1) == pytest.approx(0.95)
    assert family_confidence(0.95, 10) == pytest.approx(0.995)
    assert family_confidence(0.95, 0) == pytest.approx(0.95)
