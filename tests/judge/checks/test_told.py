"""What the judge and the gate say, word for word: a message is an interface too."""

import json
from pathlib import Path
from typing import Any

import pytest

from repro.contract.evidence import read_evidence
from repro.contract.rows.row import Row
from repro.contract.verdict import (
    ControlResult,
    SaboteurCount,
    Status,
    Verdict,
    Verdicts,
    VerdictScope,
)
from repro.contract.verdict_file import read_verdicts, write_verdicts
from repro.contract.written import write_evidence
from repro.errors import EvidenceError, ReproError, SpecError, UnreachedError, VerdictError
from repro.judge.checks.rows import column_of, numbers_of, select
from repro.judge.gate import gate
from repro.spec import All, Exceeds, Matched, Monotone, Ratio, Where, Within, describe
from repro.spec.decisions import Dominates, Rival, Smooth
from repro.spec.words import family, formula, quantity, rows
from tests.judge_strategies import SCOPE, fidelity_rows, table_of

SHARE = Ratio(name="share", unit="1", over="over", under="under")
NET = Ratio(
    name="net", unit="nats", over="a", less="b", under="c", under_less="d", scale="log"
)  # fmt: skip
SAE = (Where(column="method", values=("sae",)),)
SHARED: dict[str, Any] = {"reads": "fidelity", "of": SHARE, "where": SAE, "clusters": ("seed",)}
TAIL = " [share = sum over / sum under; interval over seed]."


def parts(error: ReproError) -> tuple[str, str, str]:
    return error.found, error.expected, error.mend


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Exceeds(**SHARED, margin=0.5), "share (method = sae) is above 0.5"),
        (
            Exceeds(**SHARED, margin=0.5, against=(Where(column="k", values=(8, 16)),)),
            "share (method = sae) less share (k = 8 or 16) is above 0.5",
        ),
        (
            Exceeds(**SHARED, margin=0, against=()),
            "share (method = sae) less share (all rows) is above 0",
        ),
        (Within(**SHARED, low=-0.5, high=2.0), "share (method = sae) lies within [-0.5, 2]"),
        (
            Monotone(**SHARED, along="alpha", direction="rising", by="mean_step", margin=0.1),
            "share (method = sae) rises along alpha, the mean step by more than 0.1",
        ),
        (
            Monotone(
                **SHARED, along="expansion_factor", direction="falling",
                by="smallest_step", margin=0.1, matched=Matched(x=NET, knob="alpha"),
            ),
            "share at equal net (method = sae) falls along expansion_factor, "
            "every step by more than 0.1",
        ),
        (
            Dominates(
                **SHARED, x=NET, knob="alpha", margin=0.1,
                against=(
                    Rival(name="PCA", where=(Where(column="k", above=2.0),), knob="k"),
                    Rival(name="all", where=(), knob="k"),
                ),
            ),
            "share (method = sae) is lower at equal ln net, by more than 0.1 on average over the "
            "common range, than that of: PCA (k > 2); all (all rows)",
        ),
        (
            Smooth(**SHARED, x=NET, knob="alpha", margin=0.1, degree=2),
            "share (method = sae) at each alpha lies within 0.1 of the polynomial of degree 2 in "
            "ln net",
        ),
    ],
)  # fmt: skip
def test_each_rule_is_told_word_for_word(check: Any, words: str):
    assert describe(check) == words + TAIL


def test_several_rules_are_joined():
    one, two = Exceeds(**SHARED, margin=0.5), Exceeds(**SHARED, margin=0.6)
    assert describe(All(parts=(one, two))) == f"{describe(one)} And: {describe(two)}"


def test_quantities_rows_and_families_are_told():
    assert formula(NET) == "ln((sum a - sum b) / (sum c - sum d))"
    assert formula(SHARE) == "sum over / sum under"
    assert (quantity(NET), quantity(SHARE)) == ("ln net", "share")
    conditions = (
        Where(column="alpha", pick="min"), Where(column="k", pick="max"),
        Where(column="expansion_factor", values=(2.0, 0.5)),
    )  # fmt: skip
    assert (
        rows(conditions) == "alpha at its smallest, k at its largest, expansion_factor = 2 or 0.5"
    )
    assert rows(()) == "all rows"
    assert family("seed") == "seed"
    assert family(("seed_a", "seed_b")) == "seed"
    assert family(("left", "right")) == "left and right"
    assert family(("of_seed_a", "of_seed_b_c")) == "of_seed"


def test_wrong_columns_are_told_in_three_parts():
    table = table_of(method=["sae"], seed=[1])
    with pytest.raises(SpecError) as caught:
        column_of(table, "sede")
    assert parts(caught.value) == (
        "the claim reads column 'sede', which table fidelity lacks",
        "one of method, seed",
        "edit the claim file",
    )
    with pytest.raises(SpecError) as caught:
        numbers_of(table, "method")
    assert parts(caught.value) == (
        "the claim adds up column 'method' of fidelity, which holds text",
        "a column of numbers",
        "edit the claim file",
    )
    for column, value, expected in (("method", 1, "text"), ("seed", "1", "numbers")):
        with pytest.raises(SpecError) as caught:
            select(table, (Where(column=column, values=(value,)),))
        assert parts(caught.value) == (
            f"the claim compares column {column!r} of fidelity with ({value!r},)",
            expected,
            "edit the claim file",
        )


def test_rows_that_are_not_there_are_told_with_those_that_are():
    table = table_of(seed=list(range(8)), alpha=[0.5, 1.0] * 4)
    where = (Where(column="seed", values=(9,)), Where(column="alpha", above=0.1))
    with pytest.raises(EvidenceError) as caught:
        select(table, where)
    assert parts(caught.value) == (
        "evidence `fidelity` has no row with seed = 9, alpha > 0.1",
        "such rows (found seed: 0, 1, 2, 3, 4, 5, ...; alpha: 0.5, 1)",
        "a profile that measures them, then: dvc repro fidelity",
    )
    exactly = table_of("other", seed=list(range(6)))
    with pytest.raises(EvidenceError) as caught:
        select(exactly, (Where(column="seed", values=(9,)), Where(column="seed", pick="max")))
    assert caught.value.expected == "such rows (found seed: 0, 1, 2, 3, 4, 5)"
    assert caught.value.mend == "a profile that measures them, then: dvc repro other"


def test_what_was_measured_but_came_out_otherwise_is_told_apart_from_what_was_not_measured():
    table = table_of("ioi_levels", level=[0.5, 0.5, 0.25], is_reached=[0, 0, 1])
    at_half = Where(column="level", values=(0.5,))
    reached = Where(column="is_reached", values=(1,))
    with pytest.raises(UnreachedError) as caught:
        select(table, (at_half, reached))
    assert parts(caught.value) == (
        "nothing to compare: none of the 2 rows with level = 0.5 has is_reached = 1",
        "one that came out so, at least",
        "a setting that gets so far, such as a smaller alpha",
    )
    with pytest.raises(EvidenceError, match="no row with level = 0\\.1\n") as caught:
        select(table, (Where(column="level", values=(0.1,)), reached))
    assert not isinstance(caught.value, UnreachedError)


def test_every_condition_must_hold_and_picks_act_last_in_turn():
    table = table_of(seed=[0, 1, 2, 3], k=[5, 5, 7, 7], alpha=[1.0, 2.0, 1.0, 2.0])
    pick = Where(column="k", pick="max")
    assert select(table, (pick, Where(column="alpha", pick="min"))).tolist() == [
        False, False, True, False,
    ]  # fmt: skip
    assert select(table, (pick, Where(column="seed", values=(0, 1)))).tolist() == [
        True, True, False, False,
    ]  # fmt: skip
    assert select(table, (Where(column="alpha", above=1.0),)).tolist() == [False, True] * 2
    assert select(table, ()).all()


def verdict(status: Status = Status.SUPPORTED, **changes: Any) -> Verdict:
    given = {"estimate": 1.0, "low": 0.9, "high": 1.1} if status.is_measured else {}
    return Verdict(**{
        "id": "c14", "says": "It is so.", "status": status, "unit": "nats", "reason": "because",
        "spec_sha256": "a" * 64, "deviation": "none", **given, **changes,
    })  # fmt: skip


THIN = verdict(Status.INCONCLUSIVE, estimate=None, low=None, high=None)
PASSED = ControlResult(name="chance", kind="negative", status=Status.REFUTED, ok=True)


def file_of(*verdicts: Verdict, **changes: Any) -> Verdicts:
    given = {"profile": "smoke", "scope": VerdictScope(model="tiny", sites={}), **changes}
    return Verdicts(schema=1, verdicts=list(verdicts), **given)


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (verdict(), verdict(estimate=1.05), "moved by 0.05, noise 0.141 nats"),
        (verdict(), verdict(unit="", estimate=1.05), "moved by 0.05, noise 0.141"),
        (
            verdict(),
            verdict(estimate=2.0, low=1.9, high=2.1),
            "moved by 1, noise 0.141 nats: moved beyond noise",
        ),
        (verdict(), verdict(Status.REFUTED), "was supported, is refuted: because"),
        (verdict(), verdict(Status.BROKEN), "because"),
        (
            verdict(),
            verdict(spec_sha256="b" * 64),
            "its specification was amended: accept a new baseline",
        ),
        (THIN, THIN, "no estimate in either"),
        (verdict(Status.INCONCLUSIVE), THIN, "only one of the two has an estimate"),
        (
            verdict(controls=[PASSED]),
            verdict(),
            "controls are gone: chance",
        ),
        (
            verdict(saboteurs=SaboteurCount(caught=3, total=3)),
            verdict(saboteurs=SaboteurCount(caught=2, total=3)),
            "2 of 3 saboteurs are caught, 3 of 3 in the baseline",
        ),
        (
            verdict(low=0.0, high=2.0),
            verdict(low=0.95, high=1.05),
            "the baseline's interval is 20 times as wide as this one and would hide a move: "
            "accept a new baseline",
        ),
        (verdict(Status.ABSENT), verdict(), "decided for the first time"),
        (verdict(Status.ABSENT), verdict(Status.ABSENT), "because"),
        (verdict(Status.ABSENT), verdict(Status.BROKEN), "because"),
    ],
)  # fmt: skip
def test_the_gate_says_why(before: Verdict, now: Verdict, why: str):
    guard = verdict(id="k01")
    row = gate(file_of(before, guard), file_of(now, guard)).rows[0]
    assert row.why == why
    assert row.id == "c14"


def test_the_gate_tells_what_was_and_what_is():
    before = file_of(verdict(), verdict(Status.ABSENT, id="c15"), verdict(id="c16"))
    now = file_of(verdict(), verdict(Status.ABSENT, id="c17"))
    found = {row.id: (row.before, row.now, row.why) for row in gate(before, now).rows}
    assert found == {
        "c14": ("supported 1 [0.9, 1.1]", "supported 1 [0.9, 1.1]", "moved by 0, noise 0.141 nats"),
        "c15": ("absent", "missing", "unmeasured in the baseline, missing now"),
        "c16": ("supported 1 [0.9, 1.1]", "missing", "the claim is missing from the current file"),
        "c17": ("missing", "absent", "because"),
    }


def test_files_that_cannot_be_compared_are_told_as_a_page():
    other = {"profile": "laptop", "scope": VerdictScope(model="big", sites={})}
    report = gate(file_of(verdict()), file_of(verdict(), **other))
    assert report.markdown() == (
        "## Gate: cannot judge\n"
        "\n"
        "- the profile differs: 'smoke' in the baseline, 'laptop' now\n"
        "- the model differs: 'tiny' in the baseline, 'big' now\n"
        "\n"
        "| claim | gate | before | now | why |\n"
        "|---|---|---|---|---|\n"
        "| c14 | cannot judge | supported 1 [0.9, 1.1] | supported 1 [0.9, 1.1] "
        "| the two files cannot be compared |\n"
    )
    empty = gate(file_of(), file_of())
    assert empty.incomparable == ("the baseline has no measured claim, so nothing could regress",)
    assert gate(file_of(verdict()), file_of(verdict())).markdown().startswith("## Gate: holds\n\n|")


@pytest.mark.parametrize("role", ["baseline", "current file"])
def test_a_claim_listed_twice_is_told_in_three_parts(role: str):
    once, twice = file_of(verdict()), file_of(verdict(), verdict())
    with pytest.raises(VerdictError) as caught:
        gate(*((twice, once) if role == "baseline" else (once, twice)))
    assert parts(caught.value) == (
        f"the {role} contradicts itself: claim c14 stands there 2 times",
        "a file as `repro verify` wrote it",
        "repro verify --evidence DIR --out FILE",
    )


def test_verdicts_survive_their_file_under_the_contracts_own_keys(tmp_path: Path):
    path = tmp_path / "verdicts.json"
    given = file_of(verdict(), verdict(Status.ABSENT, id="c15"))
    write_verdicts(path, given)
    assert read_verdicts(path) == given
    content = json.loads(path.read_text(encoding="utf8"))
    assert set(content) == {"schema", "profile", "scope", "verdicts"}
    assert content["verdicts"][0]["status"] == "supported"
    assert given.verdicts[0].saboteurs == SaboteurCount(caught=0, total=0)


@pytest.mark.parametrize(
    ("content", "found", "expected"),
    [
        (None, "{path} is missing", "a file of verdicts"),
        ("folder", "{path} is a folder", "a file of verdicts"),
        (b"\xff\xfe", "{path} is no text", "JSON"),
        (
            b'{"schema": 1, "profile": "x", "scope": {}, "verdicts": [{"id": 3}]}',
            "{path} does not follow the contract at verdicts.0.id: Input should be a valid string",
            "verdicts of schema 2",
        ),
        (
            b"[]",
            "{path} does not follow the contract at top level: Input should be an object",
            "verdicts of schema 2",
        ),
    ],
)
def test_a_bad_file_of_verdicts_is_told_in_three_parts(
    tmp_path: Path, content: bytes | str | None, found: str, expected: str
):
    path = tmp_path / "verdicts.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    with pytest.raises(VerdictError) as caught:
        read_verdicts(path)
    assert parts(caught.value) == (
        found.format(path=path),
        expected,
        "repro verify --evidence DIR --out FILE",
    )


def test_a_sound_table_with_other_numbers_is_not_judged(tmp_path: Path):
    """Not torn, not of another shape: just other numbers than those its header vouches for."""
    for folder, error in (("honest", 1.0), ("other", 2.0)):
        rows_: list[Row] = [*fidelity_rows(squared_error=error)]
        how = {"counts": {}, "scope": SCOPE, "provenance": {}}
        write_evidence(tmp_path / folder, "fidelity", rows_, **how)
    table = tmp_path / "honest" / "fidelity.parquet"
    assert (read_evidence(table.parent, "fidelity").columns["squared_error"] == 1.0).all()
    table.write_bytes((tmp_path / "other" / "fidelity.parquet").read_bytes())
    with pytest.raises(EvidenceError, match="is not the file its header vouches for"):
        read_evidence(table.parent, "fidelity")
