"""The claims: all there, honest about what they change, and able to go either way."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from repro.contract.evidence import read_evidence
from repro.contract.rows import row_models
from repro.contract.verdict import Status
from repro.contract.vocabulary import awaited
from repro.judge.decide import judge
from repro.judge.verify import verify
from repro.spec import load_claims
from tests.planted_evidence import FALSE, TRUE, write_world

CLAIMS = Path(__file__).parents[2] / "claims"
LOADED = {claim.id: claim for claim in load_claims(CLAIMS)}
DECIDED = [
    id_ for id_, claim in LOADED.items() if any(name in row_models() for name in claim.reads)
]
FALSE_WORLDS = [
    pytest.param(claim, world, id=f"{claim}-{i}")
    for claim, worlds in FALSE.items()
    for i, world in enumerate(worlds)
]


@pytest.fixture(scope="module")
def in_the_true_world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("true")
    write_world(folder, TRUE)
    verdicts = verify(folder, CLAIMS)
    return {one.id: one for one in verdicts.verdicts}, verdicts.scope.details


def judged_alone(claim, world, tmp_path):
    """The verdict on one claim in one world, with its details."""
    evidence, claims = tmp_path / "evidence", tmp_path / "claims"
    evidence.mkdir()
    claims.mkdir()
    write_world(evidence, world)
    (path,) = CLAIMS.glob(f"{claim}_*.py")
    for file in (path, CLAIMS / "_vocabulary.py"):
        shutil.copy(file, claims)
    verdicts = verify(evidence, claims)
    (verdict,) = verdicts.verdicts
    return verdict, verdicts.scope.details[claim]


def escaped(details):
    return [one.name for one in details.saboteurs if not one.caught]


def attacks(claim, honest):
    """Saboteurs that are run where the honest status is this."""
    return [one for one in claim.saboteurs if honest not in one.turns_to]


def test_every_claim_is_listed_from_the_first_day():
    expected = [f"c{i:02d}" for i in range(1, 26)] + [f"k{i:02d}" for i in range(1, 7)]
    assert {*expected} <= LOADED.keys()
    assert list(LOADED) == sorted(LOADED)


@pytest.mark.parametrize("claim", LOADED.values(), ids=LOADED)
def test_a_claim_reads_tables_of_one_frame(claim):
    """Decided claims read tables that exist, the others only tables that do not, so are absent."""
    is_decided = claim.id in DECIDED
    assert all((name in row_models()) == is_decided for name in claim.reads)
    assert claim.controls


@pytest.mark.parametrize("claim", DECIDED)
@pytest.mark.parametrize("honest", ["supported", "refuted"])
def test_three_saboteurs_at_least_attack_each_outcome(claim, honest):
    assert len(attacks(LOADED[claim], honest)) >= 3


@pytest.mark.parametrize("claim", LOADED.values(), ids=LOADED)
def test_a_claim_says_who_says_it_and_where(claim):
    assert (claim.source == "critic") == claim.id.startswith("k")
    assert "arXiv" in claim.paper.section or claim.source != "critic"
    assert claim.confidence == 0.95


@pytest.mark.parametrize("claim", DECIDED)
def test_a_decided_claim_says_on_which_model_and_how_few_tokens_it_is_judged(claim):
    if LOADED[claim].reads == ("toy",):
        pytest.skip("planted data: no language model")
    deviation = LOADED[claim].deviation
    assert "SmolLM2-135M-Instruct (Q4_1, de-quantised)" in deviation
    assert "about a million" in deviation


@pytest.mark.parametrize("claim", DECIDED)
def test_a_decided_claim_is_supported_where_it_is_true(claim, in_the_true_world):
    verdicts, details = in_the_true_world
    verdict = verdicts[claim]
    assert verdict.status == Status.SUPPORTED, verdict.reason
    assert all(control.ok for control in verdict.controls), verdict.controls
    assert escaped(details[claim]) == []
    assert verdict.saboteurs.total == len(attacks(LOADED[claim], "supported"))


@pytest.mark.parametrize(("claim", "world"), FALSE_WORLDS)
def test_a_decided_claim_is_refuted_where_it_is_false(claim, world, tmp_path):
    verdict, details = judged_alone(claim, world, tmp_path)
    assert verdict.status == Status.REFUTED, verdict.reason
    assert all(control.ok for control in verdict.controls), verdict.controls
    assert escaped(details) == []
    assert verdict.saboteurs.total == len(attacks(LOADED[claim], "refuted"))


def test_a_claim_without_evidence_is_absent_and_names_the_stage(in_the_true_world):
    verdicts, _ = in_the_true_world
    for claim, spec in LOADED.items():
        if claim in DECIDED:
            continue
        assert verdicts[claim].status == Status.ABSENT
        for name in spec.reads:
            assert f"stage `{awaited(name)}`" in verdicts[claim].reason


def test_a_false_world_leaves_the_other_claims_alone(tmp_path):
    write_world(tmp_path, FALSE["c21"][0])
    statuses = {one.id: one.status for one in verify(tmp_path, CLAIMS).verdicts}
    assert {id_ for id_ in DECIDED if statuses[id_] != Status.SUPPORTED} == {"c21"}


def test_of_a_model_without_the_task_nothing_about_the_task_is_concluded(tmp_path):
    write_world(tmp_path, replace(TRUE, ioi=replace(TRUE.ioi, accuracy=0.5)))
    verdicts = {one.id: one for one in verify(tmp_path, CLAIMS).verdicts}
    localised = {claim for claim in DECIDED if "ioi_prompts" in LOADED[claim].reads}
    assert localised == {"c06", "c07", "c08", "c09", "c10", "k02", "k03"}
    for claim in localised:
        assert verdicts[claim].status == Status.INCONCLUSIVE
        assert "`the model does the task` is not met" in verdicts[claim].reason
    assert {verdicts[claim].status for claim in DECIDED if claim not in localised} == {"supported"}


def test_where_no_dictionary_comes_down_to_half_the_claim_on_the_edit_there_is_inconclusive(
    tmp_path,
):
    write_world(tmp_path, TRUE)
    tables = {name: read_evidence(tmp_path, name) for name in LOADED["c07"].reads}
    levels = tables["ioi_levels"]
    is_sae = levels.columns["method"] == "sae"
    stuck = levels.replace(is_reached=np.where(is_sae, 0, levels.columns["is_reached"]))
    verdict = judge(LOADED["c07"], {**tables, "ioi_levels": stuck}).verdict
    assert (verdict.status, verdict.estimate) == (Status.INCONCLUSIVE, None)
    assert verdict.reason.startswith("nothing to compare: none of the ")
    assert "alpha > 0 has is_reached = 1" in verdict.reason
    assert verdict.controls
    assert all(control.ok for control in verdict.controls)
