"""Sections 5 and 6: words, what is reported, parts, controls, and all claims together."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from repro.second.decide import decide_all
from repro.second.holm import holm
from repro.second.noise import Family, Number
from repro.second.rows import Rows
from repro.second.words import word_of
from repro.spec import All, Control, Decision, Exceeds, Monotone, Smooth, Where
from tests.second.planted import (
    MEAN,
    SCORES,
    beside,
    claim,
    exceeds,
    of_method,
    scores,
    within,
    written,
)
from tests.second.test_numbers import SMOOTH

STEPS = Monotone(
    reads="planted", of=MEAN, where=(), clusters=("seed",), along="alpha", direction="rising",
    by="smallest_step", margin=1.0,
)  # fmt: skip
HALF = 12.706204736174694
"""Half-width at a confidence of 0.95 of a variance of 1 with one degree of freedom."""
JOINT = 25.451699579357080
"""The same of two numbers that must hold together."""


def number(theta: float, spread: float = 1.0, error: float = 0.0) -> Number:
    return Number(theta, (Family(spread**2, 1),), error)


def test_holms_p_values():
    found = holm({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.5})
    assert found == pytest.approx({"a": 0.09, "b": 0.04, "c": 0.09, "d": 0.5})
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize(
    ("rule", "numbers", "status", "decides"),
    [
        (exceeds(1.0), [number(1.1 + HALF)], "supported", 0),
        (exceeds(1.0), [number(0.9 + HALF)], "inconclusive", 0),
        (exceeds(1.0), [number(0.9 - HALF)], "refuted", 0),
        (exceeds(1.0), [number(1.0, 0.0)], "inconclusive", 0),
        (exceeds(1.0), [number(1.1 + HALF, error=0.2)], "inconclusive", 0),
        (STEPS, [number(20.0), number(2.0, 0.0)], "supported", 1),
        (STEPS, [number(2.0, 0.0), number(5.0)], "inconclusive", 1),
        (STEPS, [number(-12.0), number(20.0)], "inconclusive", 0),
        (STEPS, [number(-50.0), number(-1.0, 0.0), number(-99.0, 9.0)], "refuted", 0),
        (within(1.0, 2.0), [number(1.0, 0.0)], "supported", 0),
        (within(1.0, 2.0), [number(1.5)], "inconclusive", 0),
        (within(1.0, 2.0), [number(2.1 + HALF)], "inconclusive", 0),
        (within(1.0, 2.0), [number(2.1 + JOINT)], "refuted", 0),
        (within(1.0, 2.0), [number(0.9 - JOINT)], "refuted", 0),
        (SMOOTH, [number(0.05, 0.0), number(-0.07, 0.0)], "supported", 1),
        (SMOOTH, [number(-1.0, 0.01), number(0.0, 0.0)], "refuted", 0),
        (SMOOTH, [number(0.0), number(0.0, 2.0)], "inconclusive", 1),
    ],
)
def test_words_and_the_number_that_decides(
    rule: Decision, numbers: Sequence[Number], status: str, decides: int
):
    told = word_of(rule, numbers, 0.05, 1).told
    assert told.status == status
    theta = numbers[decides].theta
    assert told.estimate == (abs(theta) if isinstance(rule, Smooth) else theta)


def test_the_joint_interval_is_told_where_several_numbers_hold_together():
    alone = word_of(exceeds(), [number(0.0)], 0.05, 1).told
    assert (alone.low, alone.high) == pytest.approx((-HALF, HALF))
    assert (alone.joint_low, alone.joint_high, alone.interpolation) == (None, None, None)
    joined = word_of(exceeds(), [number(0.0, error=1.0)], 0.05, 2).told
    assert (joined.joint_low, joined.joint_high) == pytest.approx((-1.0 - JOINT, 1.0 + JOINT))
    assert joined.interpolation == 1.0
    assert word_of(within(0.0, 1.0), [number(0.0)], 0.05, 1).told.joint_high == (
        pytest.approx(JOINT)
    )


def test_a_distance_is_folded_at_zero():
    over = word_of(SMOOTH, [number(-1.0)], 0.05, 1).told
    assert (over.low, over.high) == pytest.approx((0.0, 1.0 + HALF))
    below = word_of(SMOOTH, [number(-20.0)], 0.05, 1).told
    assert (below.low, below.high) == pytest.approx((20.0 - HALF, 20.0 + HALF))


@pytest.mark.parametrize(
    ("rule", "theta", "finding"),
    [
        (exceeds(1.0, against=of_method("pca")), 0.5, "smaller than what counts"),
        (exceeds(1.0, against=of_method("pca")), -0.5, "the opposite"),
        (exceeds(-1.0, against=of_method("pca")), -2.0, "the opposite"),
        (exceeds(1.0, against=of_method("pca")), 2.0, None),
        (exceeds(1.0), -2.0, None),
        (STEPS, -2.0, "the opposite"),
        (within(1.0, 2.0), -2.0, None),
        (SMOOTH, -2.0, None),
    ],
)
def test_what_a_refutation_found(rule: Decision, theta: float, finding: str | None):
    assert word_of(rule, [number(theta, 0.0)], 0.05, 1).finding == finding


def test_p_values_of_a_rule():
    """One degree: p of a distance of one standard error is a half, of √3 of them a third."""
    one, root = number(2.0), 3.0**0.5
    word = word_of(exceeds(1.0), [one], 0.05, 1)
    assert (word.p_for, word.p_against) == pytest.approx((0.5, 1.0))
    against = word_of(exceeds(2.0 + root), [one], 0.05, 2)
    assert (against.p_for, against.p_against) == pytest.approx((1.0, 2.0 / 3.0))
    steps = word_of(STEPS, [number(2.0), number(1.0 + root)], 0.05, 1)
    assert steps.p_for == pytest.approx(0.5)
    band = word_of(within(1.0, 2.0 + root), [one], 0.05, 1)
    assert (band.p_for, band.p_against) == pytest.approx((0.5, 1.0))
    assert word_of(within(1.0, 2.0), [number(2.0, 0.0)], 0.05, 1).p_for == 0.0
    assert word_of(within(1.0, 2.0), [number(2.1, 0.0)], 0.05, 1).p_for == 1.0


HIGH, LOW = exceeds(9.0), exceeds(-9.0)
THIN = exceeds(min_clusters=9)
UNSURE = exceeds(2.0)
HIDDEN = exceeds(where=of_method("hidden"))
NO_VALUE = exceeds(of=MEAN.model_copy(update={"under": "nothing"}))
Must = Literal["supported", "not_supported", "refuted"]


def planted(folder: Path) -> Path:
    table = scores(*SCORES)
    columns = {**table.columns, "nothing": np.zeros(len(SCORES))}
    return written(folder, Rows(table.table, columns))


def joined(*parts: Exceeds) -> All:
    return All(parts=parts)


@pytest.mark.parametrize(
    ("check", "status", "estimate"),
    [
        (LOW, "supported", 2.0),
        (HIGH, "refuted", 2.0),
        (UNSURE, "inconclusive", 2.0),
        (THIN, "inconclusive", None),
        (HIDDEN, "absent", None),
        (NO_VALUE, "broken", None),
        (joined(LOW, LOW), "supported", 2.0),
        (joined(LOW, HIGH), "refuted", 2.0),
        (joined(THIN, HIGH), "refuted", 2.0),
        (joined(LOW, THIN), "inconclusive", None),
        (joined(UNSURE, THIN), "inconclusive", 2.0),
        (joined(LOW, HIDDEN), "absent", None),
        (joined(HIDDEN, NO_VALUE), "broken", None),
    ],
)
def test_rules_joined_by_and(tmp_path: Path, check: Any, status: str, estimate: float | None):
    ruling = decide_all(planted(tmp_path), [claim(check)], {})["c01"]
    assert (ruling.status, ruling.estimate) == (status, estimate)
    assert (ruling.p is None) == (estimate is None)
    assert (ruling.over_all is None) == (estimate is None)


def control(check: Exceeds, must: Must, kind: Any = "negative") -> Control:
    return Control(name=f"{kind} {must}", kind=kind, check=check, must=must, why="planted")


@pytest.mark.parametrize(
    ("controls", "status"),
    [
        ([(HIGH, "refuted", "negative")], "supported"),
        ([(UNSURE, "not_supported", "negative")], "supported"),
        ([(LOW, "not_supported", "negative")], "invalid"),
        ([(THIN, "not_supported", "negative")], "invalid"),
        ([(HIDDEN, "not_supported", "negative")], "invalid"),
        ([(UNSURE, "supported", "precondition")], "inconclusive"),
        ([(UNSURE, "supported", "precondition"), (LOW, "refuted", "negative")], "invalid"),
    ],
)
def test_controls(tmp_path: Path, controls: Sequence[tuple[Exceeds, Must, Any]], status: str):
    made = [control(*one) for one in controls]
    ruling = decide_all(planted(tmp_path), [claim(LOW, *made)], {})["c01"]
    assert ruling.status == status
    assert ruling.estimate == 2.0
    assert len(ruling.controls) == len(controls)


@pytest.mark.parametrize(
    ("check", "must", "kind", "status"),
    [
        (NO_VALUE, "not_supported", "negative", "broken"),
        (NO_VALUE, "supported", "precondition", "inconclusive"),
        (HIDDEN, "supported", "precondition", "absent"),
    ],
)
def test_a_check_that_breaks(tmp_path: Path, check: Any, must: Must, kind: Any, status: str):
    made = claim(check, control(LOW if must == "not_supported" else UNSURE, must, kind))
    assert decide_all(planted(tmp_path), [made], {})["c01"].status == status


def test_tables_that_are_not_there_or_must_not_be_judged(tmp_path: Path):
    folder = planted(tmp_path)
    elsewhere = claim(exceeds(reads="elsewhere"), name="c02")
    rulings = decide_all(folder, [claim(LOW), elsewhere], {})
    assert {name: one.status for name, one in rulings.items()} == {
        "c01": "supported",
        "c02": "absent",
    }
    assert (
        decide_all(folder, [claim(LOW)], {"planted": "it is not whole"})["c01"].status == "broken"
    )


def test_a_decision_may_be_lost_over_all_claims(tmp_path: Path):
    """Four claims just decided at p = 0.04 are not decided together."""
    table = beside(scores(*SCORES), scores(*SCORES, method="pca"))
    folder = written(tmp_path, table)
    margin = 2.0 - 2.9 * 0.5**0.5
    made = [claim(exceeds(margin), name=f"c0{place}") for place in range(1, 5)]
    rulings = decide_all(folder, made, {})
    for one in rulings.values():
        assert one.p is not None
        assert one.p < 0.05
        assert (one.status, one.p_holm, one.over_all) == (
            "supported",
            pytest.approx(4 * one.p),
            "inconclusive",
        )
    alone = decide_all(folder, made[:1], {})["c01"]
    assert (alone.p_holm, alone.over_all) == (alone.p, "supported")


def test_a_refuted_comparison_tells_its_finding(tmp_path: Path):
    table = beside(scores(*SCORES), scores(*[one + 50.0 for one in SCORES], method="random"))
    check = exceeds(where=of_method("sae"), against=(Where(column="method", values=("random",)),))
    ruling = decide_all(written(tmp_path, table), [claim(check)], {})["c01"]
    assert (ruling.status, ruling.finding, ruling.estimate) == ("refuted", "the opposite", -50.0)
