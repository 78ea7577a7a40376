"""Truth tables: each kind of check meets evidence that decides it each way, and thin evidence."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.contract.evidence import Table
from repro.errors import DegenerateInputError, EvidenceError, SpecError
from repro.judge.checks import Outcome, run_check
from repro.spec import (
    All,
    Check,
    Dominates,
    Exceeds,
    Matched,
    Monotone,
    Ratio,
    Rival,
    Smooth,
    Where,
    Within,
    describe,
)
from tests.judge_strategies import ALPHAS, curve, measured, positives, stacked, table_of

SHARE = Ratio(name="share", unit="1", over="over", under="under")
LOG = SHARE.model_copy(update={"scale": "log"})
L0 = Ratio(name="L0", unit="units a token", over="active", under="n_tokens")
BOTH = ("seed", "document")


def of_method(name: str) -> tuple[Where, ...]:
    return (Where(column="method", values=(name,)),)


def judged(check: Check, table: Table, confidence: float = 0.95) -> Outcome:
    return run_check(check, {"fidelity": table}, confidence)


def exceeds(margin: float, **more: Any) -> Exceeds:
    return Exceeds(
        reads="fidelity", of=SHARE, where=of_method("sae"), clusters=BOTH, margin=margin, **more
    )


def within(low: float, high: float) -> Within:
    return Within(
        reads="fidelity", of=SHARE, where=of_method("sae"), clusters=BOTH, low=low, high=high
    )


def monotone(margin: float, **more: Any) -> Monotone:
    given_ = {"along": "alpha", "direction": "rising", "by": "smallest_step", **more}
    return Monotone(
        reads="fidelity", of=SHARE, where=of_method("sae"), clusters=BOTH, margin=margin, **given_
    )


def dominates(margin: float, *rivals: str) -> Dominates:
    against = tuple(Rival(name=one, where=of_method(one), knob="alpha") for one in rivals)
    return Dominates(
        reads="fidelity",
        of=SHARE,
        x=L0,
        where=of_method("sae"),
        knob="alpha",
        against=against,
        margin=margin,
        clusters=BOTH,
    )


def smooth(margin: float, **more: Any) -> Smooth:
    return Smooth(
        reads="fidelity",
        of=LOG,
        x=L0,
        where=of_method("sae"),
        knob="alpha",
        margin=margin,
        clusters=BOTH,
        **more,
    )


def power(x: float) -> float:
    return 0.9 * (x / 10) ** -0.5


def kneed(x: float) -> float:
    return 0.2 if x > 80 else 0.9


NOISY: dict[str, Any] = {"seed_sd": 0.01, "document_sd": 0.01}


@pytest.mark.parametrize(
    ("theta", "seeds", "status"),
    [(0.9, 3, "supported"), (0.1, 3, "refuted"), (0.5, 3, "inconclusive"), (0.9, 2, "thin")],
)
def test_exceeds(theta: float, seeds: int, status: str):
    found = judged(exceeds(0.5), measured(theta, seeds=seeds, **NOISY))
    if status == "thin":
        assert (found.status, found.is_measured) == ("inconclusive", False)
        assert found.reason == "too thin: 2 of seed, 3 are needed"
    else:
        assert (found.status, found.is_measured) == (status, True)
        assert found.n == {"seed": 3, "document": 20, "rows": 60}


@pytest.mark.parametrize(
    ("theirs", "status"), [(0.1, "supported"), (0.9, "refuted"), (0.5, "inconclusive")]
)
def test_exceeds_against_other_rows(theirs: float, status: str):
    ours = measured(0.6, **NOISY)
    table = stacked(ours, measured(theirs, rng=7, method="pca", **NOISY))
    assert judged(exceeds(0.1, against=of_method("pca")), table).status == status


def test_a_difference_is_paired_by_document():
    shared = measured(0.6, document_sd=0.2)
    other = measured(0.5, document_sd=0.2, method="pca")
    check = exceeds(0.09, against=of_method("pca"))
    assert judged(check, stacked(shared, other)).status == "supported"


def test_a_method_without_seeds_keeps_its_rows_when_seed_zero_leaves():
    ours, fixed = measured(0.6, seed_sd=0.01), measured(0.1, seeds=1, method="neurons")
    table = stacked(ours, fixed)
    alone, against = (
        judged(check, table) for check in (exceeds(0.0), exceeds(0.0, against=of_method("neurons")))
    )
    assert alone.interval is not None
    assert against.interval is not None
    width = alone.interval.high - alone.interval.low
    assert against.interval.high - against.interval.low == pytest.approx(width)


@pytest.mark.parametrize(
    ("theta", "low", "high", "status"),
    [
        (0.5, 0.3, 0.7, "supported"),
        (0.5, 0.6, 0.7, "refuted"),
        (0.5, 0.3, 0.4, "refuted"),
        (0.5, 0.5, 0.7, "inconclusive"),
    ],
)
def test_within(theta: float, low: float, high: float, status: str):
    assert judged(within(low, high), measured(theta, **NOISY)).status == status


def test_an_exact_value_lies_within_a_band_of_no_width():
    exact = measured(0.0)
    assert judged(within(0.0, 0.0), exact).status == "supported"
    off = exact.replace(over=exact.columns["over"] + 1e-9)
    assert judged(within(0.0, 0.0), off).status == "refuted"


@pytest.mark.parametrize("by", ["smallest_step", "mean_step"])
@pytest.mark.parametrize(
    ("direction", "margin", "status"),
    [("rising", 0.0, "supported"), ("falling", 0.0, "refuted"), ("rising", 9.0, "refuted")],
)
def test_monotone(by: str, direction: str, margin: float, status: str):
    table = curve(power, noise=0.005)
    assert judged(monotone(margin, direction=direction, by=by), table).status == status


def test_one_falling_step_refutes_every_step_but_not_the_mean():
    table = curve(lambda x: power(x) - (0.1 if x == 60 else 0), noise=0.002)
    assert judged(monotone(0.0), table).status == "refuted"
    assert judged(monotone(0.0, by="mean_step"), table).status == "supported"


def test_a_plateau_is_no_rise():
    table = curve(lambda x: power(max(x, 60)), noise=0.01)
    assert judged(monotone(0.0), table).status == "inconclusive"


def test_one_value_has_no_step():
    found = judged(monotone(0.0), measured(0.5, alpha=1.0, **NOISY))
    assert (found.status, found.is_measured) == ("inconclusive", False)
    assert "only one value" in found.reason
    assert found.n == {"seed": 3, "document": 20, "rows": 60}


def widths(*factors: float, noise: float = 0.005, shift: float = 1.0) -> Table:
    """One curve for each width; each starts `shift` times farther right than the last."""
    xs = np.array([400.0, 250.0, 160.0, 100.0, 60.0, 35.0, 20.0])
    return stacked(
        *(
            curve(
                lambda x, f=factor: f * power(x),
                noise=noise,
                rng=i,
                xs=tuple(xs * shift**i),
                expansion_factor=float(i + 1),
            )
            for i, factor in enumerate(factors)
        )
    )


FALLS_BY_WIDTH = monotone(
    0.005, along="expansion_factor", direction="falling", matched=Matched(x=L0, knob="alpha")
)


@pytest.mark.parametrize(
    ("factors", "status"),
    [((1, 0.9, 0.8), "supported"), ((1, 0.9, 1.0), "refuted"), ((1, 0.9, 0.883), "inconclusive")],
)
def test_monotone_at_matched_x(factors: tuple[float, ...], status: str):
    assert judged(FALLS_BY_WIDTH, widths(*factors, noise=0.01)).status == status


def test_matching_undoes_a_shift_of_the_curves():
    """Wider ones sit at larger x, where the same curve is lower: no gain at equal x."""
    table = widths(1, 1, 1, noise=0.001, shift=1.2)
    assert judged(FALLS_BY_WIDTH, table).status == "refuted"
    unmatched = FALLS_BY_WIDTH.model_copy(update={"matched": None})
    assert judged(unmatched, table).status == "supported"


def test_curves_without_a_common_range_are_inconclusive():
    found = judged(FALLS_BY_WIDTH, widths(1, 0.9, shift=50.0))
    assert (found.status, found.is_measured) == ("inconclusive", False)
    assert "share no range" in found.reason


def rivals(*factors: float) -> Table:
    curves = [curve(power, noise=0.005)]
    curves += [
        curve(lambda x, f=factor: f * power(x), noise=0.005, rng=i + 1, method=f"rival{i}")
        for i, factor in enumerate(factors)
    ]
    return stacked(*curves)


@pytest.mark.parametrize(
    ("factors", "status"),
    [((1.3, 1.2), "supported"), ((1.3, 0.8), "refuted"), ((1.3, 1.0), "inconclusive")],
)
def test_dominates_is_as_strong_as_the_least_favourable_rival(
    factors: tuple[float, ...], status: str
):
    found = judged(dominates(0.0, "rival0", "rival1"), rivals(*factors))
    assert found.status == status
    assert found.reason.startswith("rival1")
    assert "rival0" in found.reason


def test_dominates_measures_the_mean_gap():
    gap = 0.07
    table = stacked(curve(power), curve(lambda x: power(x) + gap, method="pca"))
    found = judged(dominates(0.0, "pca"), table)
    assert found.interval is not None
    assert found.interval.estimate == pytest.approx(gap)


@pytest.mark.parametrize(
    ("shape", "noise", "margin", "status"),
    [
        (power, 0.002, 0.05, "supported"),
        (kneed, 0.002, 0.05, "refuted"),
        (power, 0.08, 0.05, "inconclusive"),
    ],
)
def test_smooth(shape, noise: float, margin: float, status: str):
    assert judged(smooth(margin), curve(shape, noise=noise)).status == status


def test_a_curve_of_few_points_could_hide_a_knee():
    table = curve(power)
    few = table.rows(table.columns["alpha"] < ALPHAS[4])
    found = judged(smooth(0.05), few)
    assert (found.status, found.is_measured) == ("inconclusive", False)
    assert "4 points where 6" in found.reason


def test_points_that_one_document_alone_keeps_apart_are_too_few():
    table = curve(power)
    six = table.rows(table.columns["alpha"] < ALPHAS[6])
    alpha, active = six.columns["alpha"], six.columns["active"].copy()
    first, second = (np.flatnonzero(alpha == one) for one in ALPHAS[:2])
    is_other = six.columns["document"][second] == 3
    active[second] = np.where(is_other, active[second], active[first])
    found = judged(smooth(0.05), six.replace(active=active))
    assert (found.status, found.is_measured) == ("inconclusive", False)
    assert "5 points where 6" in found.reason


@pytest.mark.parametrize(
    ("margins", "status", "deciding"),
    [
        ((0.1, 0.2), "supported", 0.1),
        ((0.1, 0.8), "refuted", 0.8),
        ((0.1, 0.5), "inconclusive", 0.5),
    ],
)
def test_all_is_decided_by_the_first_part_that_decides(margins, status: str, deciding: float):
    found = judged(All(parts=tuple(exceeds(one) for one in margins)), measured(0.5, **NOISY))
    assert (found.status, found.threshold) == (status, (deciding,))
    assert [part.threshold for part in found.as_parts()] == [[one] for one in margins]


@pytest.mark.parametrize("kind", ["exceeds", "within"])
def test_one_condition_of_several_refutes_only_beyond_what_one_of_them_may_by_chance(kind: str):
    table = measured(0.5, **NOISY)
    plain = judged(exceeds(0.0), table).interval
    assert plain is not None
    edge = plain.high + 1e-6
    strict, sure = exceeds(edge) if kind == "exceeds" else within(edge, 1), exceeds(-1.0)
    # A band has two ends, either of which may be missed by chance.
    alone = {"exceeds": "refuted", "within": "inconclusive"}[kind]
    assert judged(strict, table).status == alone
    joined = judged(All(parts=(strict, sure)), table)
    assert joined.status == "inconclusive"
    assert "may by chance" in joined.reason


def test_a_band_is_refuted_beyond_what_either_of_its_ends_may_by_chance():
    table = measured(0.5, **NOISY)
    plain = judged(exceeds(0.0), table).interval
    assert plain is not None
    half = plain.high - plain.estimate
    assert judged(within(plain.high + half, 2), table).status == "refuted"
    assert judged(within(plain.high + 1e-3 * half, 2), table).status == "inconclusive"


def test_joint_intervals_share_the_error_among_conditions_and_parts():
    table = measured(0.5, **NOISY)
    found = judged(All(parts=(exceeds(0.1), exceeds(0.2))), table)
    (contrast,) = found.parts[0].contrasts
    assert contrast.interval == judged(exceeds(0.1), table, 0.95).interval
    assert contrast.joint == judged(exceeds(0.1), table, 0.975).interval
    steps = judged(monotone(0.0), curve(power, noise=0.01)).contrasts
    alone = judged(monotone(0.0), curve(power, noise=0.01), 1 - 0.05 / len(steps)).contrasts
    assert [one.joint.high for one in steps] == pytest.approx([o.interval.high for o in alone])


def test_a_doubtful_part_does_not_save_a_refuted_one():
    parts = (exceeds(0.5), exceeds(0.9))
    assert judged(All(parts=parts), measured(0.5, **NOISY)).status == "refuted"


@given(positives(), st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_rescaling_both_sums_changes_nothing(factor: float, rng: int):
    table = measured(0.5, rng=rng, **NOISY)
    scaled = table.replace(
        over=factor * table.columns["over"], under=factor * table.columns["under"]
    )
    here, there = judged(exceeds(0.4), table).interval, judged(exceeds(0.4), scaled).interval
    assert here is not None
    assert there is not None
    assert (here.low, here.high) == pytest.approx((there.low, there.high), rel=1e-6)


@given(st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_changes_nothing(rng: int):
    table = rivals(1.1)
    mixed = table.rows(np.random.default_rng(rng).permutation(len(table)))
    for check in (dominates(0.0, "rival0"), smooth(0.05), monotone(0.0)):
        here, there = judged(check, table), judged(check, mixed)
        assert here.interval is not None
        assert there.interval is not None
        assert here.status == there.status
        assert here.interval.low == pytest.approx(there.interval.low, rel=1e-6, abs=1e-9)


def test_more_confidence_never_narrows():
    table = measured(0.5, **NOISY)
    one, two = (judged(exceeds(0.4), table, c).interval for c in (0.9, 0.99))
    assert one is not None
    assert two is not None
    assert two.low < one.low < one.high < two.high


def test_a_cell_that_rests_on_one_seed_is_too_thin():
    table = curve(power)
    drop = (table.columns["alpha"] == ALPHAS[0]) & (table.columns["seed"] > 0)
    found = judged(monotone(0.0), table.rows(~drop))
    assert (found.status, found.is_measured) == ("inconclusive", False)
    assert "alpha 0.001 has 1 of seed, 3 are needed" in found.reason


def test_a_denominator_of_zero_has_no_value():
    table = measured(0.5)
    with pytest.raises(DegenerateInputError, match="denominator is not above 0"):
        judged(exceeds(0.1), table.replace(under=np.zeros(len(table))))


def test_the_logarithm_of_zero_has_no_value():
    table = curve(power)
    with pytest.raises(DegenerateInputError, match="logarithm"):
        judged(smooth(0.1), table.replace(over=np.zeros(len(table))))


def test_no_rows_name_what_was_found():
    with pytest.raises(EvidenceError, match=r"no row with method = sae[^)]*found method: pca"):
        judged(exceeds(0.1), measured(0.5, method="pca"))


def test_an_unknown_column_is_the_claims_fault():
    check = exceeds(0.1).model_copy(update={"of": SHARE.model_copy(update={"over": "ovre"})})
    with pytest.raises(SpecError, match="'ovre'"):
        judged(check, measured(0.5))


def test_text_is_neither_added_nor_compared_with_numbers():
    text = exceeds(0.1).model_copy(update={"of": SHARE.model_copy(update={"over": "method"})})
    with pytest.raises(SpecError, match="text"):
        judged(text, measured(0.5))
    mixed = exceeds(0.1).model_copy(update={"where": (Where(column="seed", values=("0",)),)})
    with pytest.raises(SpecError, match="compares"):
        judged(mixed, measured(0.5))


def test_pick_acts_on_what_the_other_conditions_leave():
    table = stacked(measured(0.9, alpha=1.0), measured(0.2, alpha=9.0, method="pca"))
    where = (Where(column="alpha", pick="max"), *of_method("sae"))
    found = judged(exceeds(0.5).model_copy(update={"where": where}), table)
    assert found.status == "supported"


def test_pairs_of_seeds_form_one_family():
    pairs = np.array([(0, 1), (0, 2), (1, 2)])
    table = table_of(
        "agreement", seed_a=pairs[:, 0], seed_b=pairs[:, 1], over=[8.0, 7.0, 9.0], under=10.0
    )
    check = Exceeds(
        reads="agreement", of=SHARE, where=(), clusters=(("seed_a", "seed_b"),), margin=0.5
    )
    found = run_check(check, {"agreement": table}, 0.95)
    assert found.n == {"seed": 3, "rows": 3}
    assert found.status == "inconclusive"
    assert found.interval is not None
    assert found.interval.low < 0.7
    assert found.interval.high > 0.9


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (exceeds(0.1), "share (method = sae) is above 0.1"),
        (within(0.2, 0.3), "lies within [0.2, 0.3]"),
        (
            FALLS_BY_WIDTH,
            "share at equal L0 (method = sae) falls along expansion_factor, every step",
        ),
        (dominates(0.02, "pca"), "is lower at equal L0, by more than 0.02"),
        (smooth(0.05), "polynomial of degree 3 in ln L0"),
    ],
)
def test_each_rule_is_told_in_words(check: Check, words: str):
    assert words in describe(check)
    assert "interval over seed and document" in describe(check)


CHECKS = [
    *(exceeds(margin) for margin in (0.35, 0.45, 0.5, 0.52, 0.6)),
    *(within(low, high) for low, high in ((0.4, 0.6), (0.49, 0.53), (0.6, 0.7), (0.1, 0.2))),
    All(parts=(exceeds(0.3), exceeds(0.45))),
    All(parts=(exceeds(0.3), exceeds(0.53))),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.kind)
@pytest.mark.parametrize("seed", range(3))
def test_the_p_value_is_the_level_at_which_the_check_is_decided(check: Check, seed: int):
    """At a hair less confidence it is decided, at a hair more it is not."""
    table = measured(0.5, seed_sd=0.02, document_sd=0.02, rng=seed)
    p = judged(check, table).p
    assert p is not None
    if 1e-12 < p < 0.49:
        assert judged(check, table, 1 - 1.001 * p).status != "inconclusive"
        assert judged(check, table, 1 - 0.999 * p).status == "inconclusive"
    else:
        assert judged(check, table, 0.51).status == ("inconclusive" if p > 0.49 else "supported")


def test_curves_have_p_values_too():
    for check in (monotone(0.0), dominates(0.02, "pca"), smooth(0.05)):
        table = stacked(curve(power, noise=0.01), curve(lambda x: power(x) + 0.07, method="pca"))
        found = judged(check, table)
        assert found.p is not None
        assert (found.p <= 0.05) == (found.status != "inconclusive")
