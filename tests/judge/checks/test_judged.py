"""One claim as a whole: every number of the verdict and of its details, and every way to fail."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.contract.evidence import Table, read_evidence
from repro.contract.header import Scope
from repro.contract.rows.fidelity import RefitRow
from repro.contract.verdict import Family, Status
from repro.contract.written import write_evidence
from repro.errors import DegenerateInputError, EvidenceError, SpecError
from repro.judge.checks import run_check
from repro.judge.checks.cells import cells_along
from repro.judge.checks.replicates import families_of
from repro.judge.checks.sides import count
from repro.judge.decide import judge, undecided
from repro.judge.saboteurs import sabotage
from repro.judge.verify import verify
from repro.spec import (
    All,
    Claim,
    Control,
    Drop,
    Exceeds,
    Jitter,
    Level,
    Monotone,
    Paper,
    Ratio,
    Scale,
    Shuffle,
    Smooth,
    Where,
    load_claims,
    spec_sha256,
)
from tests.judge_strategies import ALPHAS, RUN, curve, measured, stacked, table_of
from tests.planted_evidence import SCOPE, TRUE, write_world

SHARE = Ratio(name="share", unit="units", over="over", under="under")
SAE = (Where(column="method", values=("sae",)),)
BOTH = ("seed", "document")
TURNS: dict[str, Any] = {"reads": "fidelity", "turns_to": ("refuted",)}


def exceeds(margin: float, **more: Any) -> Exceeds:
    return Exceeds(
        **{"reads": "fidelity", "of": SHARE, "where": SAE, "clusters": BOTH, **more}, margin=margin
    )


def claim_of(check: Any, **more: Any) -> Claim:
    given = {
        "id": "c14", "source": "paper", "says": "It is so.", "paper": Paper(section="3"),
        "reads": ("fidelity",), "check": check, "deviation": "Small.", "refuted_by": "Less.",
        "unit": "units", **more,
    }  # fmt: skip
    return Claim(**given)


NOISY = measured(0.6, seed_sd=0.01, document_sd=0.01)


def control(must: Any, margin: float, **more: Any) -> Control:
    return Control(
        name="known", kind="positive", check=exceeds(margin, **more), must=must, why="it is known"
    )


def test_a_verdict_holds_what_the_check_found_and_its_details_the_p_value():
    claim = claim_of(exceeds(0.5), controls=(control("supported", 0.1),))
    found = judge(claim, {"fidelity": NOISY})
    plain = run_check(claim.check, {"fidelity": NOISY}, 0.95)
    assert plain.interval is not None
    one, details = found.verdict, found.details
    assert (one.estimate, one.low, one.high) == (
        plain.interval.estimate, plain.interval.low, plain.interval.high,
    )  # fmt: skip
    assert (one.status, details.p) == (Status.SUPPORTED, plain.p)
    assert details.finding is None
    assert one.n == {"seed": 3, "document": 20, "rows": 60}
    assert (one.id, one.says, one.unit, one.deviation) == ("c14", "It is so.", "units", "Small.")
    assert one.reason == plain.reason
    assert one.spec_sha256 == spec_sha256(claim)
    assert [(e.name, e.sha256) for e in one.evidence] == [("fidelity", "0" * 64)]
    (told,) = one.controls
    assert told.model_dump() == {
        "name": "known", "kind": "positive", "status": "supported", "ok": True,
        "must": "supported",
    }  # fmt: skip
    assert [part.says for part in details.parts] == [plain.says]
    assert details.traceback is None


def test_a_claim_thin_in_itself_has_no_numbers_and_no_saboteurs():
    claim = claim_of(
        exceeds(0.5, min_clusters=9), saboteurs=(Drop(name="all", **TURNS, where=SAE),)
    )
    found = judge(claim, {"fidelity": NOISY})
    assert (found.verdict.status, found.verdict.estimate) == ("inconclusive", None)
    assert (found.verdict.low, found.verdict.high) == (None, None)
    assert found.details.p is None
    assert found.details.saboteurs == []
    assert found.verdict.reason == "too thin: 3 of seed, 9 are needed"
    assert found.verdict.n == {"seed": 3, "document": 20, "rows": 60}


@pytest.mark.parametrize(
    ("must", "margin", "ok"),
    [
        ("supported", 0.1, True), ("supported", 0.6, False), ("supported", 0.9, False),
        ("not_supported", 0.1, False), ("not_supported", 0.6, True), ("not_supported", 0.9, True),
        ("refuted", 0.1, False), ("refuted", 0.6, False), ("refuted", 0.9, True),
    ],
)  # fmt: skip
def test_a_control_must_come_out_as_it_says(must: Any, margin: float, ok: bool):
    found = judge(claim_of(exceeds(0.5), controls=(control(must, margin),)), {"fidelity": NOISY})
    assert found.verdict.controls[0].ok == ok
    assert found.verdict.status == ("supported" if ok else "invalid")
    if not ok:
        alone = run_check(exceeds(0.5), {"fidelity": NOISY}, 0.95)
        known = run_check(exceeds(margin), {"fidelity": NOISY}, 0.95)
        assert found.verdict.reason == (
            f"control `known` must be {must.replace('_', ' ')} but is {known.status}: "
            f"{known.reason}. The check alone says supported: {alone.reason}"
        )


def test_a_control_that_cannot_be_run_says_why_in_one_line():
    lost = control("supported", 0.1, where=(Where(column="method", values=("ica",)),))
    found = judge(claim_of(exceeds(0.5), controls=(lost, lost)), {"fidelity": NOISY})
    fault = (
        "control `known` could not be run: evidence `fidelity` has no row with method = ica; "
        "expected: such rows (found method: sae); "
        "to mend: a profile that measures them, then: dvc repro fidelity"
    )
    assert found.verdict.reason.startswith(f"{fault}; {fault}. The check alone says supported: ")
    assert found.verdict.controls[0].status == "absent"
    assert not found.verdict.controls[0].ok


def test_a_check_without_its_column_is_broken_and_without_its_rows_absent():
    broken = judge(claim_of(exceeds(0.5, of=SHARE.model_copy(update={"over": "x"}))),
                   {"fidelity": NOISY}).verdict  # fmt: skip
    assert broken.status == "broken"
    assert broken.reason == (
        "the claim reads column 'x', which table fidelity lacks; expected: one of seed, document, "
        "over, under, site, method; to mend: edit the claim file"
    )
    lost = judge(claim_of(exceeds(0.5, where=(Where(column="seed", above=5.0),))),
                 {"fidelity": NOISY}).verdict  # fmt: skip
    assert lost.status == "absent"
    assert [one.name for one in lost.evidence] == ["fidelity"]


def test_each_saboteur_is_told_with_what_it_turned_the_verdict_to():
    saboteurs = (
        Scale(name="lower", **TURNS, column="over", factor=0.1),
        Scale(name="harmless", **TURNS, column="over", factor=1.1),
        Scale(name="lost", reads="fidelity", turns_to=("broken", "absent"), column="x", factor=1.0),
        Drop(name="gone", reads="fidelity", turns_to=("absent",), where=SAE),
        Scale(name="idle", reads="fidelity", turns_to=("supported",), column="over", factor=0.1),
    )
    found = judge(claim_of(exceeds(0.5), saboteurs=saboteurs), {"fidelity": NOISY})
    assert [(s.name, s.status, s.caught) for s in found.details.saboteurs] == [
        ("lower", "refuted", True),
        ("harmless", "supported", False),
        ("lost", "broken", True),
        ("gone", "absent", True),
    ]
    assert found.details.saboteurs[2].turns_to == [Status.BROKEN, Status.ABSENT]
    assert found.verdict.saboteurs.model_dump() == {"caught": 3, "total": 4}


def test_what_is_undecided_has_its_reason_and_trace_and_nothing_else():
    found = undecided(claim_of(exceeds(0.5)), Status.BROKEN, "why", {"fidelity": NOISY}, "trace")
    assert (found.verdict.status, found.verdict.reason) == ("broken", "why")
    assert found.details.model_dump() == {
        "parts": [], "saboteurs": [], "family_status": None, "lock": None, "traceback": "trace",
    }  # fmt: skip
    assert undecided(claim_of(exceeds(0.5)), Status.ABSENT, "why", {}).details.traceback is None


def test_jitter_is_one_lognormal_draw_a_value_from_its_seed():
    table = table_of(
        alpha=[2.0, 1.0, 2.0, 3.0], error=[1.0, 1.0, 2.0, 5.0], method=["sae"] * 3 + ["x"]
    )
    jitter = Jitter(name="j", **TURNS, column="error", by="alpha", sd=0.5, seed=7, where=SAE)
    draws = np.exp(0.5 * np.random.default_rng(7).standard_normal(2))
    expected = [draws[1], draws[0], 2 * draws[1], 5.0]
    assert sabotage(jitter, table).columns["error"] == pytest.approx(expected)


def test_shuffle_is_the_permutation_of_its_seed():
    table = table_of(error=[1.0, 2.0, 3.0, 4.0, 5.0])
    found = sabotage(Shuffle(name="s", **TURNS, column="error", seed=7), table)
    assert found.columns["error"].tolist() == (1 + np.random.default_rng(7).permutation(5)).tolist()


def test_level_works_apart_within_several_columns_and_leaves_a_lone_value():
    table = table_of(
        a=[0, 0, 0, 0, 1, 1], b=[0, 0, 1, 1, 0, 0], w=[1, 2, 1, 2, 1, 2],
        error=[4.0, 2.0, 9.0, 5.0, 0.0, 7.0], n=[1.0, 2.0, 3.0, 6.0, 5.0, 0.0],
    )  # fmt: skip
    level = Level(name="l", **TURNS, along="w", columns=("error", "n"), within=("a", "b"))
    found = sabotage(level, table).columns
    assert found["error"].tolist() == [4, 4, 9, 9, 0, 0]
    assert found["n"].tolist() == [1, 1, 3, 3, 5, 5]


def test_level_tells_any_two_groups_apart_and_needs_no_full_grid():
    table = table_of(
        a=[2, 2, 0, 0, 1, 2], b=[0, 0, 1, 1, 0, 1], w=[1, 2, 1, 2, 1, 1],
        error=[4.0, 2.0, 9.0, 5.0, 6.0, 8.0],
    )  # fmt: skip
    level = Level(name="l", **TURNS, along="w", columns=("error",), within=("a", "b"))
    assert sabotage(level, table).columns["error"].tolist() == [4, 4, 9, 9, 6, 8]


def test_cells_come_sorted_and_are_called_by_their_values():
    table = table_of(method=["b", "a", "b", "a"], alpha=[2.0, 1.0, 1.5, 1.0], k=[1, 2, 3, 4])
    cells = cells_along(table, (), "method", "alpha")
    assert [(key, cell.rows.tolist()) for key, cell in cells.items()] == [
        (("a", 1.0), [1, 3]), (("b", 1.5), [2]), (("b", 2.0), [0]),
    ]  # fmt: skip
    assert [cell.name for cell in cells.values()] == [
        "method a, alpha 1", "method b, alpha 1.5", "method b, alpha 2",
    ]  # fmt: skip
    assert [cell.name for cell in cells_along(table, (), "k").values()] == [
        "k 1",
        "k 2",
        "k 3",
        "k 4",
    ]


def test_strata_are_site_and_method_together():
    table = table_of(site=["x", "x", "y", "y"], method=["p", "q", "p", "p"], seed=[0, 0, 0, 1])
    (found,) = families_of(table, np.arange(4), ("seed",))
    assert found.members.tolist() == [[-1, -1, 0, 1]]
    assert (found.name, found.n_groups, found.n_units) == ("seed", 2, 2)
    table = table_of(site=["c", "a", "b"], method=["p", "q", "p"], seed=[0, 1, 0])
    assert families_of(table, np.arange(3), ("seed",))[0].members.tolist() == [[-1, -1, -1]]
    plain = table_of(seed=[0, 0, 0, 1])
    assert families_of(plain, np.arange(4), ("seed",))[0].members.tolist() == [[0, 0, 0, 1]]


def test_pairs_are_counted_by_the_units_that_they_name():
    table = table_of(seed_a=[0, 0, 1], seed_b=[1, 2, 2], over=[1.0] * 3, under=[1.0] * 3)
    check = exceeds(0.5, where=(Where(column="seed_a", values=(0,)),),
                    clusters=(("seed_a", "seed_b"), "seed_b"))  # fmt: skip
    assert count(table, check) == {"seed": 3, "seed_b": 2, "rows": 2}


@pytest.mark.parametrize(
    ("change", "what", "name"),
    [
        ({"under": np.zeros(60)}, "its denominator", "share"),
        ({"over": np.zeros(60)}, "the argument of its logarithm", "ln share"),
    ],
)
def test_what_has_no_value_is_told_in_three_parts(change: dict, what: str, name: str):
    of = SHARE if "under" in change else SHARE.model_copy(update={"scale": "log"})
    with pytest.raises(DegenerateInputError) as caught:
        run_check(exceeds(0.5, of=of), {"fidelity": NOISY.replace(**change)}, 0.95)
    assert caught.value.found == f"{name} has no value for the rows judged: {what} is not above 0"
    assert caught.value.expected == "data that vary, and units that are active"
    assert caught.value.mend == "look at these rows of the evidence, then run their stage again"


def test_a_difference_names_the_rows_that_have_no_value():
    rival = measured(0.5, method="pca").replace(under=np.zeros(60))
    check = exceeds(0.5, against=(Where(column="method", values=("pca",)),))
    with pytest.raises(DegenerateInputError, match="for the rows compared with: its denominator"):
        run_check(check, {"fidelity": stacked(NOISY, rival)}, 0.95)


def test_ratios_subtract_what_they_are_told_to():
    table = measured(0.6).replace(less=np.full(60, 0.8), more=np.full(60, 4.0))
    of = SHARE.model_copy(update={"less": "less", "under_less": "more"})
    found = run_check(exceeds(0.5, of=of), {"fidelity": table}, 0.95)
    assert found.interval is not None
    assert found.interval.estimate == pytest.approx((8 * 0.6 - 0.8) / (8 - 4))


def test_contrasts_are_called_by_what_they_compare():
    table = curve(lambda x: 1 / x)
    steps = Monotone(reads="fidelity", of=SHARE, where=SAE, clusters=BOTH, along="alpha",
                     direction="rising", by="smallest_step", margin=0.0)  # fmt: skip
    found = run_check(steps, {"fidelity": table}, 0.95)
    assert [one.name for one in found.contrasts][:2] == [
        "the step from alpha 0.001 to 0.002", "the step from alpha 0.002 to 0.004",
    ]  # fmt: skip
    mean = run_check(steps.model_copy(update={"by": "mean_step"}), {"fidelity": table}, 0.95)
    assert [one.name for one in mean.contrasts] == ["the mean step of share"]
    assert mean.interval is not None
    assert mean.interval.estimate == pytest.approx((1 / 20 - 1 / 400) / 6)
    against = exceeds(0.0, against=SAE)
    (one,) = run_check(against, {"fidelity": NOISY}, 0.95).contrasts
    assert (one.name, one.interval.estimate) == ("the difference of share", 0.0)


@pytest.mark.parametrize(
    ("degree", "min_points", "points", "told"),
    [
        (3, 6, 6, None),
        (3, 6, 5, "5 points where 6"),
        (5, 3, 7, None),
        (5, 3, 6, "6 points where 7"),
    ],
)
def test_a_curve_needs_its_points(degree: int, min_points: int, points: int, told: str | None):
    table = curve(lambda x: x**-0.5, noise=0.001)
    table = table.rows(table.columns["alpha"] <= ALPHAS[points - 1])
    check = Smooth(reads="fidelity", of=SHARE, x=Ratio(name="L0", unit="1", over="active",
                   under="n_tokens"), where=SAE, clusters=BOTH, knob="alpha", margin=9.0,
                   degree=degree, min_points=min_points)  # fmt: skip
    found = run_check(check, {"fidelity": table}, 0.95)
    assert found.is_measured == (told is None)
    if told:
        assert found.reason == f"the curve has {told} are needed to see a knee"
    else:
        assert found.contrasts[0].name == "the distance at alpha 0.001"


def test_thin_families_are_all_named():
    found = run_check(exceeds(0.5, min_clusters=30), {"fidelity": NOISY}, 0.95)
    assert found.reason == "too thin: 3 of seed, 20 of document, 30 are needed"
    few = exceeds(0.5, min_clusters=9, clusters=("seed",))
    found = run_check(few, {"fidelity": measured(0.6, documents=1)}, 0.95)
    assert found.reason == "too thin: 3 of seed, 9 are needed", "rows are no clusters"
    both = All(parts=(exceeds(0.5), exceeds(0.1)))
    assert run_check(both, {"fidelity": NOISY}, 0.95).n == {"seed": 3, "document": 20, "rows": 60}


def test_errors_of_verify_are_told_in_three_parts(tmp_path: Path):
    with pytest.raises(EvidenceError) as caught:
        verify(tmp_path / "no", tmp_path)
    assert caught.value.found == f"{tmp_path / 'no'} is no folder of evidence"
    assert (
        caught.value.expected == "a folder with tables such as fidelity.parquet and fidelity.json"
    )
    assert caught.value.mend == ("repro run, or give the right folder: repro verify --evidence DIR")
    with pytest.raises(SpecError) as missing:
        load_claims(tmp_path)
    assert missing.value.found == f"{tmp_path} holds no claim files"
    assert missing.value.expected == "a folder with files such as c14_smooth_tradeoff.py"
    assert missing.value.mend == "repro verify --evidence DIR --claims DIR"


CLAIM = '''"""It is so."""

from repro.spec import Claim, Exceeds, Paper, Ratio

CLAIM = Claim(
    id="%s", source="paper", says="So.", paper=Paper(section="1"), reads=("%s",),
    check=Exceeds(
        reads="%s", of=Ratio(name="r", unit="1", over="n_tokens", under="n_tokens"),
        where=(), clusters=("seed",), margin=0.5,
    ),
    deviation="d", refuted_by="r", unit="1",
)
'''


def test_a_table_of_another_run_breaks_its_claims_alone(tmp_path: Path):
    evidence, claims = tmp_path / "evidence", tmp_path / "claims"
    claims.mkdir()
    write_world(evidence, TRUE)
    (claims / "c01_x.py").write_text(CLAIM % ("c01", "fidelity", "fidelity"))
    (claims / "c02_x.py").write_text(CLAIM % ("c02", "refit", "refit"))
    found = verify(evidence, claims)
    assert found.profile == "planted"
    assert verify(evidence, claims, "mine").profile == "mine"
    assert found.scope.model_dump(include=set(Scope.model_fields)) == SCOPE.model_dump()
    assert found.scope.family is not None
    assert found.scope.family.m == 2
    assert list(found.scope.details) == ["c01", "c02"]
    other = tmp_path / "other"
    write_world(other, TRUE, profile="else")
    for name in ("refit.parquet", "refit.json"):
        (evidence / name).write_bytes((other / name).read_bytes())
    first, second = verify(evidence, claims).verdicts
    assert first.status == found.verdicts[0].status != "broken"
    assert second.status == "broken"
    assert second.reason.startswith(
        'table refit is of another run than the others: it differs in profile ("else" there)'
    )
    assert 'evidence of one run (profile "planted")' in second.reason
    assert second.reason.endswith("dvc repro fidelity")
    assert verify(evidence, claims, "mine").profile == "mine"


def test_a_table_of_another_model_breaks_its_claims_alone(tmp_path: Path):
    evidence, claims, other = (tmp_path / name for name in ("evidence", "claims", "other"))
    claims.mkdir()
    write_world(evidence, TRUE)
    (claims / "c01_x.py").write_text(CLAIM % ("c01", "fidelity", "fidelity"))
    (claims / "c02_x.py").write_text(CLAIM % ("c02", "refit", "refit"))
    row = RefitRow(**read_row(evidence, "refit"))
    write_evidence(
        other, "refit", [row], counts={}, provenance={"profile": "planted", **RUN},
        scope=SCOPE.model_copy(update={"model": "other", "text": "another"}),
    )  # fmt: skip
    for name in ("refit.parquet", "refit.json"):
        (evidence / name).write_bytes((other / name).read_bytes())
    judged = verify(evidence, claims)
    assert [one.status == "broken" for one in judged.verdicts] == [False, True]
    assert "it differs in model, text" in judged.verdicts[1].reason
    assert judged.scope.model == SCOPE.model


def test_a_table_that_names_no_profile_is_of_a_custom_one(tmp_path: Path):
    evidence, made = tmp_path / "evidence", tmp_path / "made"
    write_world(made, TRUE)
    row = RefitRow(**read_row(made, "refit"))
    write_evidence(evidence, "refit", [row], counts={}, scope=SCOPE, provenance=RUN)
    (tmp_path / "c01_x.py").write_text(CLAIM % ("c01", "refit", "refit"))
    assert verify(evidence, tmp_path).profile == "custom"


def read_row(folder: Path, name: str) -> dict[str, Any]:
    columns = read_evidence(folder, name).columns
    return {column: values[0].item() for column, values in columns.items()}


@pytest.mark.parametrize(
    ("table", "stage"), [("refit", "fidelity"), ("ratings", "rate"), ("objectives", "objectives")]
)
def test_a_table_that_is_not_there_names_the_stage_that_writes_it(
    tmp_path: Path, table: str, stage: str
):
    (tmp_path / "evidence").mkdir()
    text = CLAIM % ("c01", table, table)
    if table == "ratings":
        text = text.replace('"n_tokens"', '"n"').replace('"seed"', '"rater"')
    (tmp_path / "c01_x.py").write_text(text)
    (one,) = verify(tmp_path / "evidence", tmp_path).verdicts
    assert one.reason == (
        f"evidence `{table}` is not there: stage `{stage}` will decide this claim"
    )


def test_a_folder_of_nothing_has_a_profile_of_its_own(tmp_path: Path):
    (tmp_path / "evidence").mkdir()
    (tmp_path / "c01_x.py").write_text(CLAIM % ("c01", "refit", "refit"))
    found = verify(tmp_path / "evidence", tmp_path)
    none = Family(m=0, method="Holm", expected_false=0.0)
    assert (found.profile, found.scope.family) == ("custom", none)
    assert found.verdicts[0].evidence == []


@pytest.mark.parametrize("lost", ["parquet", "json"])
def test_half_a_table_is_broken_and_not_absent(tmp_path: Path, lost: str):
    evidence, claims = tmp_path / "evidence", tmp_path / "claims"
    claims.mkdir()
    write_world(evidence, TRUE)
    (claims / "c01_x.py").write_text(CLAIM % ("c01", "fidelity", "fidelity"))
    (evidence / f"fidelity.{lost}").unlink()
    (one,) = verify(evidence, claims).verdicts
    assert one.status == "broken"
    assert f"fidelity.{lost} is missing" in one.reason


def test_a_check_leaves_its_table_as_it_was():
    before = {name: values.copy() for name, values in NOISY.columns.items()}
    run_check(exceeds(0.5), {"fidelity": Table(NOISY.columns, NOISY.header)}, 0.95)
    for name, values in before.items():
        assert NOISY.columns[name].tolist() == values.tolist()
