"""Nothing is concluded from dictionaries that nobody would use, nor from a task that is lost."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from repro.contract.evidence import Table, read_evidence
from repro.contract.rows import row_models
from repro.contract.verdict import Status, Verdict
from repro.judge.decide import judge
from repro.judge.verify import verify
from repro.spec import Claim, load_claims
from tests.planted_evidence import TRUE, UNFAIR, WITHOUT_THE_TASK, World, write_world

CLAIMS = Path(__file__).parents[2] / "claims"
LOADED = {claim.id: claim for claim in load_claims(CLAIMS)}
ON_DICTIONARIES = {id_: claim for id_, claim in LOADED.items() if claim.fair}
DECIDED_ELSEWHERE = ("c05", "c08", "c22")
"""By people, on dictionaries without a penalty, and on planted data."""
ON_THE_TASK = ("c06", "c07", "c09", "c10", "k02", "k03")
UNFAIR_WORLDS = [
    pytest.param(told, world, id=name)
    for told, worlds in UNFAIR.items()
    for name, world in worlds.items()
]


def verdicts_in(world: World, folder: Path) -> dict[str, Verdict]:
    write_world(folder, world)
    return {one.id: one for one in verify(folder, CLAIMS).verdicts}


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, Table]:
    """Evidence of a world in which every claim is true."""
    folder = tmp_path_factory.mktemp("true")
    write_world(folder, TRUE)
    return {name: read_evidence(folder, name) for name in row_models()}


def judged(claim: Claim, tables: Mapping[str, Table]) -> Verdict:
    return judge(claim, {name: tables[name] for name in claim.reads}).verdict


def test_every_decided_claim_on_trained_dictionaries_asks_whether_they_are_fair():
    decided = {id_ for id_, claim in LOADED.items() if set(claim.reads) <= set(row_models())}
    assert set(ON_DICTIONARIES) == decided - set(DECIDED_ELSEWHERE)


NOT_ASKED = {"its units fire": {"c17", "c18"}, "its units matter": {"c18"}}
"""Claims that ask themselves how many units fall silent, and so are not conditioned on it."""


@pytest.mark.parametrize(("told", "world"), UNFAIR_WORLDS)
def test_of_dictionaries_that_nobody_would_use_nothing_is_concluded(told, world, tmp_path):
    """Just one sign of three is there, and it alone stops the verdict."""
    verdicts = verdicts_in(world, tmp_path)
    for claim in ON_DICTIONARIES:
        one = verdicts[claim]
        if claim in NOT_ASKED.get(told, ()):
            assert "is a fair one" not in one.reason
            continue
        assert one.status == Status.INCONCLUSIVE, (claim, one.reason)
        assert f"is a fair one: {told}` is not met" in one.reason, claim
        failed = [control for control in one.controls if not control.ok]
        assert {control.kind for control in failed} == {"precondition"}, claim
        assert all(control.name.endswith(f"is a fair one: {told}") for control in failed), claim
    assert {verdicts[claim].status for claim in DECIDED_ELSEWHERE} == {Status.SUPPORTED}


def test_without_a_reference_frontier_the_verdict_says_that_its_rows_are_not_there(tmp_path):
    one = verdicts_in(replace(TRUE, beside_reference=None), tmp_path)["c14"]
    assert one.reason.startswith(
        "precondition `the dictionary is a fair one: near the reference trainer's frontier` is not "
        "met: could not be run: evidence `fidelity` has no row with site = middle, "
        "method = saelens_standard"
    )
    assert "The check alone says supported" in one.reason


@pytest.mark.parametrize("claim", ON_DICTIONARIES.values(), ids=ON_DICTIONARIES)
def test_a_dictionary_a_tenth_above_the_frontier_is_judged_and_one_a_half_above_is_not(
    claim, tables
):
    fidelity = tables["fidelity"]
    is_reference = fidelity.columns["method"] == "saelens_standard"
    error = fidelity.columns["squared_error"]
    for factor, status in ((1.1, Status.SUPPORTED), (1.5, Status.INCONCLUSIVE)):
        moved = fidelity.replace(squared_error=np.where(is_reference, error / factor, error))
        assert judged(claim, {**tables, "fidelity": moved}).status == status, factor


def test_a_refuted_claim_is_not_refuted_by_dictionaries_that_nobody_would_use(tmp_path):
    false = replace(TRUE, sae_error=6.0)
    assert verdicts_in(false, tmp_path)["c15"].status == Status.REFUTED
    for worlds in UNFAIR.values():
        for world in worlds.values():
            unfair = replace(world, sae_error=6.0)
            assert verdicts_in(unfair, tmp_path)["c15"].status == Status.INCONCLUSIVE


def test_a_dictionary_that_does_not_even_reconstruct_without_a_penalty_decides_nothing(tmp_path):
    one = verdicts_in(replace(TRUE, sae_error=3.0), tmp_path)["c08"]
    assert one.status == Status.INCONCLUSIVE
    assert "a fair one: without a penalty it reconstructs` is not met" in one.reason


def test_where_no_setting_carries_the_task_nothing_is_said_of_where_it_is(tmp_path):
    verdicts = verdicts_in(WITHOUT_THE_TASK, tmp_path)
    for claim in ON_THE_TASK:
        one = verdicts[claim]
        assert one.status == Status.INCONCLUSIVE, (claim, one.reason)
        assert "nothing to compare: none of the " in one.reason, claim
        assert "carries = 1" in one.reason, claim
        assert all(control.ok for control in one.controls), claim
    others = set(verdicts) - set(ON_THE_TASK)
    decided = {claim for claim in others if verdicts[claim].status != Status.ABSENT}
    assert {verdicts[claim].status for claim in decided} == {Status.SUPPORTED}


@pytest.mark.parametrize("claim", ON_THE_TASK)
def test_a_penalty_at_which_the_task_is_lost_has_no_say(claim, tmp_path):
    """The largest penalty leaves two thirds of the KL; whatever its rows hold changes no number."""
    write_world(tmp_path, replace(TRUE, ioi=replace(TRUE.ioi, floor_rise=0.98)))
    tables = {name: read_evidence(tmp_path, name) for name in LOADED[claim].reads}
    before = judged(LOADED[claim], tables)
    for name, column in (("ioi", "kl_area"), ("ioi_levels", "edit_norm"), ("ioi_edits", "n")):
        if name in tables:
            columns = tables[name].columns
            is_lost = (columns["method"] == "sae") & (columns["carries"] == 0)
            assert is_lost.any()
            changed = np.where(is_lost, 50 * columns[column], columns[column])
            tables[name] = tables[name].replace(**{column: changed})
    after = judged(LOADED[claim], tables)
    assert before.status == Status.SUPPORTED, before.reason
    assert (after.status, after.estimate, after.low, after.high, after.n) == (
        before.status, before.estimate, before.low, before.high, before.n,
    )  # fmt: skip
