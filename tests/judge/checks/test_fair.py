"""What makes a dictionary a fair one: three preconditions, word for word and at their bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.contract.evidence import Table
from repro.judge.checks import Outcome, run_check
from repro.spec import Fair, Where, describe
from tests.judge_strategies import stacked, table_of

SAE = (
    Where(column="site", values=("middle",)),
    Where(column="method", values=("sae",)),
    Where(column="alpha", above=0.0),
)
FRONTIER, FIRES, MATTERS = Fair(where=SAE).controls
L0S = (200.0, 120.0, 70.0, 40.0, 20.0)
THEIR_L0S = (150.0, 90.0, 60.0, 25.0)


def points(method: str, l0s: tuple[float, ...], height: float, seeds: int) -> Table:
    """Points of ln FVU straight in ln L0, so that they can be compared whatever their grid."""
    point, seed, document = (one.ravel() for one in np.indices((len(l0s), seeds, 4)))
    l0, variance = np.array(l0s)[point], 100.0 + document
    return table_of(
        site="middle", method=method, alpha=1e-3 * (1 + point), seed=seed, document=document,
        active=10 * l0, n_tokens=np.full(len(l0), 10), variance=variance,
        squared_error=variance * height / np.sqrt(l0),
    )  # fmt: skip


def near(ratio: float, factor: float = 1.2, l0s: tuple[float, ...] = L0S) -> Outcome:
    """The first precondition on a dictionary whose error is this much of the reference's."""
    ours = points("sae", l0s, ratio, seeds=3)
    theirs = points("saelens_standard", THEIR_L0S, 1.0, seeds=1)
    (frontier, *_) = Fair(where=SAE, factor=factor).controls
    return run_check(frontier.check, {"fidelity": stacked(ours, theirs)}, 0.95)


def units(frequent: list[int], effective: list[int], n_features: int = 100) -> Table:
    """Counts by penalty, the same in three seeds."""
    point, seed = (one.ravel() for one in np.indices((len(frequent), 3)))
    return table_of(
        "dictionaries", site="middle", method="sae", alpha=1e-3 * point, seed=seed,
        n_features=np.full(len(seed), n_features), n_frequent=np.array(frequent)[point],
        n_effective=np.array(effective)[point],
    )  # fmt: skip


def test_each_precondition_is_told_word_for_word():
    rows = "site = middle, method = sae, alpha > 0"
    assert [one.name for one in (FRONTIER, FIRES, MATTERS)] == [
        "the dictionary is a fair one: near the reference trainer's frontier",
        "the dictionary is a fair one: its units fire",
        "the dictionary is a fair one: its units matter",
    ]
    assert describe(FRONTIER.check) == (
        f"ln FVU ({rows}) is higher at equal L0, if at all, by less than 0.182322 on average over "
        "the common range, than that of: SAELens L1 (site = middle, method = saelens_standard) "
        "[ln FVU = ln(sum squared_error / sum variance); interval over seed and document]."
    )
    assert describe(FIRES.check) == (
        f"share of units that fire on 1 % of tokens ({rows}, alpha at its largest) is above 0.2 "
        "[share of units that fire on 1 % of tokens = sum n_frequent / sum n_features; interval "
        "over seed]."
    )
    assert describe(MATTERS.check) == (
        f"share of units whose removal matters ({rows}, alpha at its largest) is above 0.5 [share "
        "of units whose removal matters = sum n_effective / sum n_features; interval over seed]."
    )


def test_the_name_of_a_precondition_says_which_dictionary_it_is_about():
    names = [one.name for one in Fair(called="the large one", where=SAE).controls]
    assert all(name.startswith("the large one is a fair one: ") for name in names)
    assert len(set(names)) == 3


@given(st.floats(0.2, 4.0), st.sampled_from([1.05, 1.2, 2.0]))
def test_at_equal_sparsity_the_error_may_be_so_many_times_the_reference_and_no_more(ratio, factor):
    found = near(ratio, factor)
    assert found.interval is not None
    assert found.interval.estimate == pytest.approx(-np.log(ratio), abs=1e-9)
    if abs(ratio / factor - 1) > 1e-6:
        assert found.status == ("supported" if ratio < factor else "refuted")


def test_a_dictionary_is_not_near_a_frontier_that_it_shares_no_sparsity_with():
    found = near(0.5, l0s=(19.0, 15.0, 10.0, 8.0, 4.0))
    assert found.status == "inconclusive"
    assert "share no range" in found.reason


@given(
    st.lists(st.integers(0, 100), min_size=2, max_size=5),
    st.lists(st.integers(0, 100), min_size=2, max_size=5),
)
def test_units_are_counted_at_the_largest_penalty_alone(frequent, effective):
    n = min(len(frequent), len(effective))
    # As many units that three seeds of one share leave no room for chance between two per cents.
    most = 10**6
    of_a_million = ([10**4 * one for one in counts[:n]] for counts in (frequent, effective))
    tables = {"dictionaries": units(*of_a_million, n_features=most)}
    for control, last, least in ((FIRES, frequent[n - 1], 20), (MATTERS, effective[n - 1], 50)):
        found = run_check(control.check, tables, 0.95)
        assert found.interval is not None
        assert found.interval.estimate == pytest.approx(last / 100)
        if last != least:
            assert found.status == ("supported" if last > least else "refuted")


def test_the_shares_that_are_asked_for_can_be_others():
    fair = Fair(where=SAE, frequent=0.1, effective=0.9)
    tables = {"dictionaries": units([0, 1500], [0, 8000], n_features=10_000)}
    statuses = [run_check(one.check, tables, 0.95).status for one in fair.controls[1:]]
    assert statuses == ["supported", "refuted"]
