"""The gate: every exit is reached, and noise is told from movement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.contract.verdict import (
    ControlResult,
    EvidenceRef,
    Status,
    Verdict,
    Verdicts,
    VerdictScope,
)
from repro.errors import VerdictError
from repro.judge.gate import GateStatus, gate

SCOPE = {"model": "tiny", "sites": {"middle": "blocks.1.hook_resid_post"}, "tokens": {"train": 9}}


FAILED = ControlResult(name="chance", kind="negative", status=Status.SUPPORTED, ok=False)


def verdict(claim="c14", status=Status.SUPPORTED, estimate=1.0, half=0.1, spec="a" * 64):
    is_measured = status.is_measured
    return Verdict(
        id=claim,
        says="It is so.",
        status=status,
        estimate=estimate if is_measured else None,
        low=estimate - half if is_measured else None,
        high=estimate + half if is_measured else None,
        unit="nats",
        reason="because | of\nthis",
        controls=[FAILED] if status is Status.INVALID else [],
        spec_sha256=spec,
        deviation="none",
    )


def file_of(*verdicts, profile="smoke", scope=SCOPE):
    spoken = VerdictScope.model_validate(scope, strict=False)
    return Verdicts(schema=1, profile=profile, scope=spoken, verdicts=list(verdicts))


def outcome(before, now):
    (row,) = gate(file_of(before), file_of(now)).rows
    return row.outcome


def test_a_move_as_large_as_the_noise_is_still_noise():
    assert outcome(verdict(estimate=0.0, half=3.0), verdict(estimate=5.0, half=4.0)) == "holds"
    assert outcome(verdict(estimate=0.0, half=3.0), verdict(estimate=5.1, half=4.0)) == "regressed"


def test_last_bits_about_zero_are_no_move():
    assert outcome(verdict(estimate=0.0, half=0.0), verdict(estimate=1e-13, half=0.0)) == "holds"
    assert outcome(verdict(estimate=0.0, half=0.0), verdict(estimate=1e-9, half=0.0)) == "regressed"


MEASURED = [Status.SUPPORTED, Status.REFUTED, Status.INCONCLUSIVE]
UNMEASURED = [Status.ABSENT, Status.BROKEN, Status.INVALID]


@given(
    st.lists(
        st.builds(
            verdict,
            claim=st.sampled_from([f"c{i:02d}" for i in range(1, 30)]),
            status=st.sampled_from(list(Status)),
            estimate=st.floats(-10, 10),
            half=st.floats(0, 3),
        ),
        unique_by=lambda one: one.id,
    )
)
def test_a_file_with_a_measured_claim_holds_against_itself(verdicts):
    same = file_of(*verdicts, verdict("k01"))
    report = gate(same, same)
    assert report.exit_code == 0
    assert {row.outcome for row in report.rows} <= {GateStatus.HOLDS, GateStatus.UNDECIDED}


@pytest.mark.parametrize("before", MEASURED)
@pytest.mark.parametrize("now", MEASURED)
def test_a_flip_in_either_direction_is_a_regression(before, now):
    report = gate(file_of(verdict(status=before)), file_of(verdict(status=now)))
    assert report.exit_code == (0 if before == now else 1)


@pytest.mark.parametrize("before", MEASURED)
@pytest.mark.parametrize("now", UNMEASURED)
def test_a_claim_that_is_no_longer_measured_cannot_be_judged(before, now):
    report = gate(file_of(verdict(status=before)), file_of(verdict(status=now)))
    assert report.exit_code == 2


def test_a_claim_missing_from_the_current_file_cannot_be_judged():
    report = gate(file_of(verdict("c14"), verdict("c15")), file_of(verdict("c14")))
    assert [row.outcome for row in report.rows] == [GateStatus.HOLDS, GateStatus.CANNOT_JUDGE]
    assert report.exit_code == 2


@pytest.mark.parametrize(
    ("moved", "expected"), [(0.14, GateStatus.HOLDS), (0.15, GateStatus.REGRESSED)]
)
def test_an_estimate_may_move_by_the_noise_of_both_intervals_and_no_further(moved, expected):
    assert outcome(verdict(estimate=1.0), verdict(estimate=1.0 + moved)) == expected
    assert outcome(verdict(estimate=1.0), verdict(estimate=1.0 - moved)) == expected


def test_an_exact_estimate_may_differ_in_its_last_bits_only():
    assert outcome(verdict(half=0.0), verdict(half=0.0, estimate=1.0 + 1e-15)) == GateStatus.HOLDS
    assert outcome(verdict(half=0.0), verdict(half=0.0, estimate=1.001)) == GateStatus.REGRESSED


def test_an_estimate_on_one_side_only_cannot_be_judged():
    thin = verdict(status=Status.INCONCLUSIVE).model_copy(
        update={"estimate": None, "low": None, "high": None}
    )
    assert outcome(verdict(status=Status.INCONCLUSIVE), thin) == GateStatus.CANNOT_JUDGE
    assert outcome(thin, thin) == GateStatus.HOLDS


def test_an_amended_specification_cannot_be_judged():
    assert outcome(verdict(), verdict(spec="b" * 64)) == GateStatus.CANNOT_JUDGE


def test_a_known_regression_wins_over_what_cannot_be_judged():
    before = file_of(verdict("c14"), verdict("c15"))
    now = file_of(verdict("c14", Status.REFUTED), verdict("c15", Status.BROKEN))
    assert gate(before, now).exit_code == 1


@pytest.mark.parametrize(
    "other",
    [
        {"profile": "laptop"},
        {"scope": {**SCOPE, "model": "other"}},
        {"scope": {**SCOPE, "sites": {"middle": "blocks.2.hook_resid_post"}}},
    ],
)
def test_files_of_another_scope_are_not_compared_at_all(other):
    report = gate(file_of(verdict()), file_of(verdict(status=Status.REFUTED), **other))
    assert report.exit_code == 2
    assert report.incomparable


def test_every_reason_against_comparing_is_told():
    other = file_of(verdict(), profile="laptop", scope={**SCOPE, "model": "other"})
    empty = file_of(verdict(status=Status.ABSENT), scope={**SCOPE, "lock": {"gone": {}}})
    assert [reason.split(" ")[1] for reason in gate(file_of(verdict()), other).incomparable] == [
        "profile",
        "model",
    ]
    assert gate(empty, other).incomparable == (
        "the profile differs: 'smoke' in the baseline, 'laptop' now",
        "the model differs: 'tiny' in the baseline, 'other' now",
        "the baseline has no measured claim, so nothing could regress",
        "the baseline was judged against a lock of claims, this without one",
    )


def test_a_lock_on_one_side_only_matters_where_the_baseline_had_it():
    locked = {**SCOPE, "lock": {"gone": {}}}
    with_, without = file_of(verdict(), scope=locked), file_of(verdict())
    assert gate(with_, with_).exit_code == 0
    assert gate(without, with_).exit_code == 0
    assert gate(with_, without).exit_code == 2


@pytest.mark.parametrize(
    "other",
    [
        {"tokens": {"train": 8}}, {"tokens": {}}, {"seeds": [0, 1]}, {"text": "another"},
        {"bos": "<s>"}, {"sources": {"train": {"a": 1.0}}}, {"is_paper_setting": True},
        {"a word of later years": 3},
    ],
    ids=lambda one: next(iter(one)),
)  # fmt: skip
def test_a_scope_that_has_changed_is_a_regression_with_its_name(other):
    (key,) = other
    for before, now in ((SCOPE, {**SCOPE, **other}), ({**SCOPE, **other}, SCOPE)):
        report = gate(file_of(verdict(), scope=before), file_of(verdict(), scope=now))
        assert report.exit_code == 1
        assert report.changed[0].startswith(f"the {key.replace('_', ' ')} differs: ")
        assert report.changed[0] in report.markdown()


@pytest.mark.parametrize(
    "other",
    [
        {"device": "another processor"},
        {"max_logit_difference": 1e-5},
        {"judged_by": {"code": "b" * 64, "lock": None}},
    ],
    ids=lambda one: next(iter(one)),
)
def test_another_machine_and_newer_code_are_told_and_may_hold(other):
    report = gate(file_of(verdict()), file_of(verdict(), scope={**SCOPE, **other}))
    assert report.exit_code == 0
    (note,) = report.notes
    assert note in report.markdown()


def test_a_baseline_with_other_numbers_on_the_same_evidence_was_edited():
    evidence = [EvidenceRef(name="fidelity", sha256="c" * 64)]
    scope = {**SCOPE, "judged_by": {"code": "b" * 64, "lock": None}}
    honest = verdict().model_copy(update={"evidence": evidence})
    wide = verdict(half=0.3).model_copy(update={"evidence": evidence})

    def exits(before, now, scope_before=scope):
        return gate(file_of(before, scope=scope_before), file_of(now, scope=scope)).exit_code

    assert exits(honest, honest) == 0
    assert exits(wide, honest) == 2
    assert exits(wide, honest, {**scope, "judged_by": {"code": "d" * 64, "lock": None}}) == 0
    assert exits(verdict(half=0.3), honest) == 0, "of other evidence the noise may differ"


def test_a_baseline_without_a_measured_claim_guards_nothing():
    assert gate(file_of(), file_of()).exit_code == 2
    assert gate(file_of(verdict(status=Status.ABSENT)), file_of(verdict())).exit_code == 2


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Status.ABSENT, Status.ABSENT, GateStatus.UNDECIDED),
        (Status.ABSENT, Status.SUPPORTED, GateStatus.NEW),
        (Status.INVALID, Status.REFUTED, GateStatus.NEW),
        (Status.BROKEN, Status.BROKEN, GateStatus.UNDECIDED),
        (Status.ABSENT, Status.BROKEN, GateStatus.CANNOT_JUDGE),
        (Status.ABSENT, Status.INVALID, GateStatus.CANNOT_JUDGE),
    ],
)
def test_a_claim_without_a_measured_baseline(before, now, expected):
    guard = verdict("k04")
    report = gate(file_of(verdict(status=before), guard), file_of(verdict(status=now), guard))
    assert report.rows[0].outcome == expected
    assert report.exit_code == (2 if expected == GateStatus.CANNOT_JUDGE else 0)


def test_a_claim_that_the_baseline_lacks_cannot_be_judged_once_it_is_measured():
    """Or a regression could be hidden by taking the claim out of the baseline."""
    report = gate(file_of(verdict("c14")), file_of(verdict("c14"), verdict("c15")))
    assert report.exit_code == 2
    assert (report.rows[1].before, report.rows[1].outcome) == ("missing", GateStatus.CANNOT_JUDGE)
    absent = file_of(verdict("c14"), verdict("c15", Status.ABSENT))
    assert gate(file_of(verdict("c14")), absent).exit_code == 0


def test_the_same_claim_twice_is_an_error_and_not_a_choice():
    with pytest.raises(VerdictError, match="c14 stands there 2 times"):
        gate(file_of(verdict(), verdict()), file_of(verdict()))


def test_the_table_has_one_line_a_claim_whatever_the_reasons_hold():
    report = gate(file_of(verdict()), file_of(verdict(status=Status.REFUTED, estimate=-1.0)))
    lines = report.markdown().splitlines()
    assert lines[0] == "## Gate: a claim regressed"
    assert lines[2:4] == ["| claim | gate | before | now | why |", "|---|---|---|---|---|"]
    assert lines[4].startswith("| c14 | regressed | supported 1 [0.9, 1.1] | refuted -1 ")
    assert "because \\| of this" in lines[4]
    assert len(lines) == 5
