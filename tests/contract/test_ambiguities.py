"""The register of open questions: every key, value, default and claim it names is real."""

import json
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError
from typer.testing import CliRunner

from repro.cli import app
from repro.contract.ambiguities import AMBIGUITIES, Ambiguity
from repro.maker.params.model import Params
from repro.maker.params.read import read_yaml
from repro.spec import load_claims
from tests.import_graph import ROOT

LAPTOP = read_yaml(ROOT / "params.yaml")
CLAIMS = {claim.id for claim in load_claims(ROOT / "claims")}
SWITCHED = [one for one in AMBIGUITIES if one.parameter]
QUESTIONS = {
    *("reduction", "step_counter", "learning_rate", "centring", "bos", "tying", "text", "fvu"),
    *("feature_sample", "alive_tokens", "folded_weights", "seeds"),
}


def members(annotation: Any) -> Iterator[Any]:
    """A type without what pydantic adds to it, and each type of a union alone."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from members(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from members(one)
    else:
        yield annotation


def types_at(path: str) -> list[Any]:
    """Types of the values that a key of the params file may have; empty where there is no key."""
    found: list[Any] = [Params]
    for key in path.split("."):
        below: list[Any] = []
        for one in found:
            if isinstance(one, type) and issubclass(one, BaseModel) and key in one.model_fields:
                below += members(one.model_fields[key].annotation)
            elif get_origin(one) is dict and key == "*":
                below += members(get_args(one)[1])
        found = below
    return found


def values_at(path: str, content: Any) -> list[Any]:
    """Values that a key has in a params file; several where a `*` stands in it."""
    for i, key in enumerate(keys := path.split(".")):
        if key == "*":
            rest = ".".join(keys[i + 1 :])
            return [value for one in content.values() for value in values_at(rest, one)]
        if key not in content:
            return []
        content = content[key]
    return [content]


@pytest.mark.parametrize("one", SWITCHED, ids=lambda one: one.id)
def test_a_switch_is_a_key_of_the_params_file_and_takes_the_values_named(one: Ambiguity):
    assert one.parameter
    found = types_at(one.parameter)
    assert found, f"{one.parameter} is not in repro.maker.params"
    literals = [word for kind in found if get_origin(kind) is Literal for word in get_args(kind)]
    assert not literals or set(one.values) <= set(literals)


@pytest.mark.parametrize("one", SWITCHED, ids=lambda one: one.id)
def test_a_default_is_what_the_laptop_profile_has(one: Ambiguity):
    assert one.parameter
    default = list(one.default) if isinstance(one.default, tuple) else one.default
    assert default in values_at(one.parameter, LAPTOP)


def test_a_key_that_is_not_there_would_be_found():
    assert types_at("train.groups.*.seeds")
    assert not types_at("train.groups.*.sedes")
    assert not types_at("train.reductions")


def test_the_questions_have_names_of_their_own_and_none_is_left_out():
    names = [one.id for one in AMBIGUITIES]
    assert len(set(names)) == len(names)
    assert set(names) >= QUESTIONS


@pytest.mark.parametrize("one", AMBIGUITIES, ids=lambda one: one.id)
def test_an_entry_cites_its_place_and_names_claims_that_exist(one: Ambiguity):
    assert set(one.claims) <= CLAIMS
    assert any(f"{word} " in one.paper.lower() for word in ("section", "appendix", "equation"))
    assert ".py" in one.code
    assert one.parameter or one.no_switch.startswith("not built, because ")


@pytest.mark.parametrize(
    "change", [{"parameter": None}, {"no_switch": "not built"}, {"default": "maximum"}]
)
def test_an_entry_has_a_switch_or_a_reason_and_a_default_among_its_values(change: dict[str, Any]):
    first = AMBIGUITIES[0].model_dump()
    assert Ambiguity.model_validate(first) == AMBIGUITIES[0]
    with pytest.raises(ValidationError):
        Ambiguity.model_validate(first | change)


def test_the_register_is_printed_as_text_and_as_json():
    told = CliRunner().invoke(app, ["list", "--ambiguities"])
    assert told.exit_code == 0
    assert "  switch: train.faithful (true, false); default false\n" in told.output
    assert "  switch: none: not built, because " in told.output
    listed = CliRunner().invoke(app, ["list", "--ambiguities", "--json"])
    assert [one["id"] for one in json.loads(listed.output)] == [one.id for one in AMBIGUITIES]
