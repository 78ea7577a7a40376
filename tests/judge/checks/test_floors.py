"""Shares of which all units agree: not certain, unless the claim says why."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as textbook

from repro.contract.evidence import Table
from repro.judge.checks import Outcome, run_check
from repro.spec import Exceeds, Monotone, Ratio
from repro.spec.decisions import Decision
from tests.judge_strategies import table_of

ALIVE = Ratio(name="alive share", unit="1", over="n_alive", under="n_features")
DEAD = Ratio(name="dead share", unit="1", over="n_features", less="n_alive", under="n_features")
EXCESS = Ratio(
    name="excess", unit="1", over="n_duplicated", less="n_duplicated_null", under="n_alive"
)
LOG = ALIVE.model_copy(update={"scale": "log"})


def counts(n_alive: list[int], n_features: int = 2000, **columns: int) -> Table:
    n = len(n_alive)
    return table_of(
        "dictionaries", site="middle", method="sae", alpha=np.full(n, 1e-3), seed=np.arange(n),
        n_features=np.full(n, n_features), n_alive=np.array(n_alive),
        **{name: np.full(n, value) for name, value in columns.items()},
    )  # fmt: skip


def judged(table: Table, of: Ratio, exact: str = "", margin: float = 0.5) -> Outcome:
    check = Exceeds(
        reads="dictionaries", of=of, where=(), margin=margin, clusters=("seed",), exact=exact
    )
    return run_check(check, {"dictionaries": table}, 0.95)


def half(found: Outcome) -> float:
    assert found.interval is not None
    return found.interval.high - found.interval.estimate


def standard_error(s: int, n: int) -> float:
    p = (s + 2) / (n + 4)
    return (p * (1 - p) / (n + 4)) ** 0.5


@given(st.integers(0, 2000), st.integers(3, 6))
def test_units_that_agree_leave_the_noise_of_a_binomial_share(alive: int, seeds: int):
    t = textbook.t.ppf(0.975, seeds - 1)
    wanted = t * standard_error(alive * seeds, 2000 * seeds)
    assert half(judged(counts([alive] * seeds), ALIVE)) == pytest.approx(wanted, rel=1e-6)
    assert half(judged(counts([alive] * seeds), DEAD)) == pytest.approx(wanted, rel=1e-6)


def test_all_of_three_seeds_are_not_certain_and_few_units_tell_less():
    large = judged(counts([2000] * 3), ALIVE).interval
    small = judged(counts([4] * 3, n_features=4), ALIVE)
    assert large is not None
    assert 0.99 < large.low < large.estimate == 1.0
    assert half(small) > 0.3
    assert small.status == "supported"
    assert judged(counts([4] * 3, n_features=4), ALIVE, margin=0.9).status == "inconclusive"


def test_units_that_differ_are_measured_by_their_own_spread():
    found = judged(counts([1000, 1001, 1000]), ALIVE)
    spread = textbook.sem(np.array([1000, 1001, 1000]) / 2000) * textbook.t.ppf(0.975, 2)
    assert half(found) == pytest.approx(spread)


def test_a_claim_may_say_why_nothing_could_differ():
    assert half(judged(counts([2000] * 3), ALIVE, exact="by construction")) == 0.0


def test_a_difference_of_shares_has_the_noise_of_both():
    found = judged(counts([1000] * 3, n_duplicated=0, n_duplicated_null=5), EXCESS, margin=-1.0)
    both = np.hypot(standard_error(0, 3000), standard_error(15, 3000))
    assert half(found) == pytest.approx(textbook.t.ppf(0.975, 2) * both)


def test_a_logarithm_of_a_share_stays_one_however_small_the_share():
    found = judged(counts([1] * 3), LOG, margin=-20.0)
    relative = standard_error(3, 6000) / (1 / 2000)
    assert half(found) == pytest.approx(textbook.t.ppf(0.975, 2) * relative)


def test_what_is_no_share_of_counts_is_left_as_it_is():
    per_token = Ratio(name="alive a token", unit="1", over="n_alive", under="n_tokens")
    found = judged(counts([2000] * 3, n_tokens=10), per_token)
    assert half(found) == 0.0


def test_a_step_has_the_noise_of_either_side_that_agrees():
    """Of the two sides one agrees, the other does not: the step has the noise of both."""
    calm, lively = counts([2000] * 3), counts([1000, 1100, 1200])
    columns = {name: np.concatenate([calm.columns[name], lively.columns[name]])
               for name in ("n_alive", "n_features", "seed")}  # fmt: skip
    table = table_of(
        "dictionaries", site="middle", method="sae",
        alpha=np.repeat([1e-3, 1e-2], 3), **columns,
    )  # fmt: skip
    check: Decision = Monotone(
        reads="dictionaries", of=DEAD, where=(), along="alpha", direction="rising",
        by="smallest_step", margin=0.0, clusters=("seed",),
    )  # fmt: skip
    found = run_check(check, {"dictionaries": table}, 0.95)
    spread = textbook.sem(np.array([1000, 1100, 1200]) / 2000)
    wanted = np.hypot(spread, standard_error(6000, 6000))
    assert half(found) == pytest.approx(textbook.t.ppf(0.975, 2) * wanted)
