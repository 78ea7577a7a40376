"""The covering design: every pair of answers meets, and a reading is really read."""

from copy import deepcopy
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.contract.ambiguities import AMBIGUITIES, FIDELITY, Ambiguity
from repro.contract.proofs.multiverse import (
    Found,
    Multiverse,
    ReadingResult,
    read_multiverse,
    write_multiverse,
)
from repro.contract.verdict import Status
from repro.errors import ParamsError, StageError, VerdictError
from repro.maker.params.model import load_params, parse_params
from repro.maker.params.read import read_yaml
from repro.proofs.multiverse.design import Reading, applied, covering, in_design
from repro.proofs.multiverse.run import commands, fetch, run_reading, scratch_of
from tests.import_graph import ROOT
from tests.tiny_models import save_neox, write_stories
from tests.tiny_project import content, write_params

PROFILE = ROOT / "profiles" / "smoke" / "params.yaml"


def register(count: int) -> list[Ambiguity]:
    """Questions with two answers each."""
    one = next(entry for entry in AMBIGUITIES if entry.tried is not None)
    return [one.model_copy(update={"id": f"q{chr(97 + i)}"}) for i in range(count)]


@given(st.integers(2, 10))
def test_any_two_answers_to_any_two_questions_meet(count: int):
    questions = register(count)
    readings = list(covering(questions))
    assert len(readings) == 6
    assert readings[0].answers == {}
    for a, b in combinations(questions, 2):
        met = {(a.id in one.answers, b.id in one.answers) for one in readings}
        assert met == set(product((False, True), repeat=2)), (a.id, b.id)


def test_more_questions_than_the_design_can_tell_apart_are_refused():
    with pytest.raises(ParamsError, match="11 questions"):
        list(covering(register(11)))


def test_every_question_that_is_tried_matters_for_the_fidelity_claims():
    assert len(in_design()) >= 6
    for one in in_design():
        assert set(one.claims) & set(FIDELITY), one.id


@pytest.fixture(scope="module")
def smoke() -> dict[str, Any]:
    """The content of the profile, which takes a while to parse."""
    return read_yaml(PROFILE)


@pytest.mark.parametrize("reading", list(covering()), ids=lambda reading: reading.name)
def test_a_reading_is_valid_params_and_differs_just_in_its_answers(reading: Reading, smoke):
    changed = applied(smoke, reading)
    before, after = (parse_params(one, PROFILE).model_dump() for one in (smoke, changed))
    for one in in_design():
        *parents, last = str(one.parameter).split(".")
        was, now = before, after
        for key in parents:
            was, now = was[key], now[key]
        assert now[last] == (one.tried if one.id in reading.answers else was[last]), one.id
        assert was[last] != one.tried, "the profile itself is left alone"


def test_a_parameter_that_is_not_there_is_named(smoke):
    values = deepcopy(smoke)
    del values["train"]["reduction"]
    with pytest.raises(ParamsError, match=r"train\.reduction is not in the params file"):
        applied(values, Reading("x", {"reduction": "sum"}))


def found(status: Status) -> Found:
    return Found(status=status, estimate=None, reason="")


def test_counts_are_of_the_readings_that_decided_the_claim(tmp_path: Path):
    rows = [
        ReadingResult(name=f"r{i}", answers={}, claims={"c14": found(status)})
        for i, status in enumerate([Status.SUPPORTED, Status.REFUTED, Status.SUPPORTED])
    ]
    rows.append(ReadingResult(name="r3", answers={"bos": False}, claims={}))
    readings = Multiverse(date="2026-01-01", machine="m", profile="smoke", readings=rows)
    assert readings.counts("c14") == {Status.SUPPORTED: 2, Status.REFUTED: 1}
    assert readings.counts("c99") == {}
    write_multiverse(tmp_path / "multiverse.json", readings)
    assert read_multiverse(tmp_path / "multiverse.json") == readings


@pytest.mark.parametrize("text", [None, "{", '{"schema_version": 2}'])
def test_a_bad_file_of_readings_is_named(tmp_path: Path, text: str | None):
    path = tmp_path / "multiverse.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(VerdictError, match=r"multiverse\.json"):
        read_multiverse(path)


def test_the_scratch_folder_is_named_for_code_claims_and_params(tmp_path: Path):
    for name in ("repro/a.py", "claims/c.py", "dvc.yaml", "params.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    seen = {scratch_of(tmp_path, tmp_path / "params.yaml")}
    for name in ("repro/a.py", "claims/c.py", "dvc.yaml", "params.yaml"):
        (tmp_path / name).write_text("2")
        seen.add(scratch_of(tmp_path, tmp_path / "params.yaml"))
    assert len(seen) == 5


def test_the_commands_are_those_of_the_pipeline_in_a_folder_of_their_own():
    words = dict(commands(ROOT))
    assert words["activate"][-2:] == ["--at", "fetch=../fetch"]
    assert words["ioi"][-4:] == ["--at", "evidence=report/evidence", "--at", "fetch=../fetch"]
    assert words["toy"][-2:] == ["--at", "evidence=report/evidence"]
    assert "--at" not in words["train"]
    assert words["verify"][words["verify"].index("--claims") + 1] == str(ROOT / "claims")
    assert not any("$" in word for command in words.values() for word in command)


@pytest.mark.slow
def test_a_reading_goes_from_text_to_verdicts_and_is_not_made_twice(tmp_path: Path):
    save_neox(tmp_path / "model")
    write_stories(tmp_path / "stories", 60)
    values = content()
    values["fetch"]["model"]["path"] = str(tmp_path / "model")
    values["fetch"]["text"]["paths"] = [str(tmp_path / "stories")]
    profile = write_params(tmp_path, values)
    scratch = tmp_path / "scratch"
    fetch(scratch, ROOT, profile)
    said: list[str] = []
    sums = Reading("r1", {"reduction": "sum", "bos": False})
    result = run_reading(sums, scratch / "r1", ROOT, profile, said.append)
    assert set(result.claims) == set(FIDELITY)
    made = ["plant", "tokenize", "activate", "train", "fidelity", "ioi", "interpret"]
    stages = [*made, "verify"]
    assert said == [f"r1: {stage}" for stage in stages]
    awaited = [
        found for found in result.claims.values() if "will decide this claim" in found.reason
    ]
    assert awaited == [], "a table that no stage of a reading writes"
    params = load_params(scratch / "r1" / "params.yaml")
    assert (params.train.reduction, params.tokenize.bos) == ("sum", False)
    again = run_reading(sums, scratch / "r1", ROOT, profile, said.append)
    assert again == result
    assert len(said) == len(stages)


@pytest.mark.slow
def test_a_stage_that_fails_is_told_in_its_own_words(tmp_path: Path):
    profile = write_params(tmp_path)
    with pytest.raises(StageError, match=r"tokenize failed"):
        run_reading(Reading("r0", {}), tmp_path / "s" / "r0", ROOT, profile, print)
