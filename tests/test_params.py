"""A mistake in `params.yaml` is one message that names the key, what was expected and the mend."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from repro.errors import ParamsError
from repro.params import Params, Section, load_params, parse_params, read_yaml
from tests.import_graph import ROOT

PARAMS = ROOT / "params.yaml"
TEXT = PARAMS.read_text(encoding="utf8")


def refused(tmp_path: Path, text: str) -> str:
    """The message with which a params file of that text is refused."""
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf8")
    with pytest.raises(ParamsError) as caught:
        load_params(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n  expected: " in message
    assert "\n  to mend:  " in message
    assert len(message) < 600
    return message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("faithful: false", "faithfull: false", ("train.faithful", "missing key", "1 more")),
        ("  faithful: false\n", "", ("train.faithful", "missing key", "no hidden defaults")),
        ("profile: laptop", "profile: laptop\nspeed: 9", ("speed", "unknown key", "misspelt")),
        ("lr: 1.0e-3", "lr: 1.0e-3, leak: 2", ("train.optimiser.leak", "unknown key")),
        ("lr: 1.0e-3", 'lr: "1e-3"', ("train.optimiser.lr", "'1e-3'", "without quotes")),
        ("lr: 1.0e-3", "lr: fast", ("train.optimiser.lr", "'fast'", "without quotes")),
        ("lr: 1.0e-3", "lr: -1.0e-3", ("train.optimiser.lr", "greater than 0")),
        ("lr: 1.0e-3", "lr: .nan", ("train.optimiser.lr", "finite")),
        ("bos: true", "bos: 1", ("tokenize.bos", "valid boolean", "found 1")),
        ("sequence_length: 128", "sequence_length: 128.5", ("tokenize.sequence_length", "128.5")),
        ("sequence_length: 128", "sequence_length: 4", ("tokenize.sequence_length", "equal to 8")),
        ("dtype: auto", "dtype: float16", ("activate.dtype", "'float16'", "'bfloat16'")),
        ("kind: inline", "kind: cluster", ("train.executor.kind", "'cluster'")),
        ("model: {source: embedded}", "model: {source: web}", ("fetch.model", "'embedded'")),
        ("model: {source: embedded}", "model: {source: hub, id: a/b}", ("revision", "missing key")),
        ("early: 4", "first: 4", ("activate.sites.first", "'early'")),
        ("early: 4, ", "", ("train.groups.early_r2.site 'early'", "middle", "planted_knee")),
        ("site: late", "site: middle", ("activate.sites.late has no group",)),
        ("site: late", "site: midle", ("train.groups.late_r2.site 'midle'",)),
        ("seeds: [0]", "seeds: [0, 0]", ("train.groups", "seeds holds the same value twice")),
        ("alphas: [2.0e-3, 6.0e-3]", "alphas: [6.0e-3, 6.0e-3]", ("alphas holds the same",)),
        ("substitution_groups: [middle_r2]", "substitution_groups: [r2]", ("no group", "'r2'")),
        ("substitution_groups: [middle_r2]", "substitution_groups: [planted_knee]", ("language",)),
        ("profile: laptop", "profile: laptop\nprofile: smoke", ("not YAML", "profile")),
        ("profile: laptop", "profile: [laptop", ("not YAML",)),
    ],
)
def test_a_mistake_names_the_key_and_the_mend(
    tmp_path: Path, old: str, new: str, words: tuple[str, ...]
):
    assert old in TEXT
    message = refused(tmp_path, TEXT.replace(old, new, 1))
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize("text", ["", "# nothing\n", "- profile\n", "laptop\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str):
    assert "top level" in refused(tmp_path, text)


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path):
    with pytest.raises(ParamsError, match="params.yaml is missing"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParamsError, match="not YAML"):
        load_params(tmp_path / "params.yaml")
    with pytest.raises(ParamsError, match="folder"):
        load_params(tmp_path)


@pytest.mark.parametrize("number", ["1e-3", "1.0e-3", "1E-3", "0.001", ".001"])
def test_a_number_is_read_as_dvc_reads_it(tmp_path: Path, number: str):
    path = tmp_path / "params.yaml"
    path.write_text(TEXT.replace("lr: 1.0e-3", f"lr: {number}"), encoding="utf8")
    assert load_params(path).train.optimiser.lr == 1.0e-3
    dvc_reads = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf8"))
    assert dvc_reads["train"]["optimiser"]["lr"] == 1.0e-3


def sections(model: type[BaseModel] = Section) -> list[type[BaseModel]]:
    return [s for child in model.__subclasses__() for s in (child, *sections(child))]


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_every_parameter_is_explained_and_none_has_a_hidden_default(section: type[BaseModel]):
    for name, field in section.model_fields.items():
        assert field.description, name
        assert field.is_required(), name


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every key, at every depth."""
    children = content.items() if isinstance(content, dict) else ()
    return [p for key, value in children for p in ((*path, key), *places(value, (*path, key)))]


FREE = {("activate", "sites"), ("train", "groups")}
"""Mappings whose keys are the user's own."""


@pytest.mark.parametrize(
    "place",
    [p for p in places(read_yaml(PARAMS)) if p[:-1] not in FREE],
    ids=lambda place: ".".join(place),
)
def test_no_key_may_be_left_out(place: tuple[str, ...]):
    content = read_yaml(PARAMS)
    parent = content
    for key in place[:-1]:
        parent = parent[key]
    del parent[place[-1]]
    with pytest.raises(ParamsError, match=rf" {'.'.join(place)}: missing key"):
        parse_params(content, PARAMS)


def test_params_survive_json():
    params = load_params(PARAMS)
    assert Params.model_validate_json(params.model_dump_json()) == params
