"""A mistake in `params.yaml` is one message that names the key, what was expected and the mend."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from repro.errors import ParamsError
from repro.maker.params.model import Params, load_params, parse_params
from repro.maker.params.section import Section
from tests.import_graph import ROOT
from tests.tiny_params import resid_post
from tests.tiny_project import content, group, write_params

PARAMS = ROOT / "params.yaml"
GONE = object()
"""In the place of a value: the key is left out."""


def refused(path: Path) -> str:
    """The message with which a params file is refused."""
    with pytest.raises(ParamsError) as caught:
        load_params(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n  expected: " in message
    assert "\n  to mend:  " in message
    assert len(message) < 600
    return message


def untrained(**changes: Any) -> dict[str, Any]:
    return {"of": "middle", "weights": "all", "seed": 0, **changes}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("train.faithfull", True, ("train.faithfull: unknown key", "misspelt", "edit train.f")),
        ("train.faithful", GONE, ("train.faithful: missing key", "no hidden defaults")),
        ("speed", 9, ("speed: unknown key",)),
        ("train.optimiser.leak", 2, ("train.optimiser.leak: unknown key",)),
        ("train.optimiser.lr", "1e-3", ("train.optimiser.lr", "'1e-3'", "without quotes")),
        ("train.optimiser.lr", "fast", ("train.optimiser.lr", "'fast'", "without quotes")),
        ("train.optimiser.lr", -1.0e-3, ("train.optimiser.lr", "greater than 0")),
        ("train.optimiser.lr", float("nan"), ("train.optimiser.lr", "finite")),
        ("train.optimiser.clip", -1.0, ("train.optimiser.clip", "greater than or equal to 0")),
        ("train.schedule.penalty_warmup", 1.5, ("penalty_warmup", "less than or equal to 1")),
        ("train.groups.width.method", "sae_gated", ("width.method", "'sae_standard'")),
        ("train.batch", "64", ("train.batch", "'64'", "without quotes")),
        ("tokenize.bos", 1, ("tokenize.bos", "valid boolean", "found 1")),
        ("tokenize.sequence_length", 128.5, ("tokenize.sequence_length", "128.5")),
        ("tokenize.sequence_length", 4, ("tokenize.sequence_length", "equal to 8")),
        ("activate.dtype", "float16", ("activate.dtype", "'float16'", "'bfloat16'")),
        ("train.executor.kind", "cluster", ("train.executor.kind", "'cluster'")),
        ("fetch.model", {"source": "web"}, ("fetch.model", "'embedded'")),
        ("fetch.model", {"source": "hub", "id": "a/b"}, ("revision", "missing key")),
        ("tokenize.validation_tokens", 0, ("tokenize.validation_tokens", "greater than 0")),
        ("tokenize.balance_sources", 1, ("tokenize.balance_sources", "valid boolean")),
        ("activate.skip_positions", -1, ("skip_positions", "greater than or equal to 0")),
        ("activate.train_tokens.first", 1, ("'first' is not harvested", "one of middle")),
        ("activate.train_tokens.middle", 0, ("activate.train_tokens.middle", "greater than 0")),
        (
            "activate.hook_points.First",
            resid_post(1),
            ("First: String", "small letters"),
        ),
        ("activate.hook_points.late", resid_post(2), ("hook_points.late: no group", "edit activ")),
        ("activate.hook_points.middle", "blocks.1", ("hook_points.middle: 'blocks.1'", "mlp.hook")),
        ("activate.hook_points.planted_x", resid_post(1), ("planted sets have such names", "mlp")),
        ("activate.untrained.a", {"of": "middle", "weights": "all"}, ("a.seed: missing key",)),
        ("activate.untrained.a", untrained(weights="none"), ("a.weights", "'none'", "'blocks'")),
        ("activate.untrained.a", untrained(seed=-1), ("a.seed", "greater than or equal to 0")),
        ("activate.untrained.a", untrained(of="late"), ("a.of: no hook point", "'late'", "middle")),
        ("activate.untrained.A", untrained(), ("untrained.A: String", "small letters")),
        ("activate.untrained.middle", untrained(), ("middle: a site of hook_points", "early_rein")),
        ("activate.untrained.planted_x", untrained(), ("untrained.planted_x: planted sets have",)),
        ("activate.untrained.a", untrained(), ("edit activate.untrained.a", "no group of train")),
        ("activate.sites", {"middle": 4}, ("activate.sites: the key is now", "hook_points, such")),
        ("train.groups.width.width", 2.0, ("width.width: the key is now named expansion_factor",)),
        ("fidelity.substitution_tokens", 512, ("is now named spliced_tokens", "edit fidelity.su")),
        ("ioi.plans.middle.family", "io", ("middle.family: the key is now named corruption",)),
        ("ioi.plans.middle.sites", "io", ("middle.sites: unknown key", "is it misspelt")),
        ("toy.width", 1.0, ("toy.width: unknown key",)),
        ("train.ica.sites", ["midle"], ("train.ica.sites: 'midle' is not harvested", "middle")),
        ("train.groups.Bad", group("middle", [1e-3], [0]), ("small letters, digits",)),
        ("train.groups.sites", group("middle", [1e-3], [0]), ("groups.sites: a group of this",)),
        (
            "train.groups.width.site",
            "early",
            ("width.site: no site", "'early'", "middle, planted_"),
        ),
        (
            "train.groups.width.site",
            "midle",
            ("edit train.groups.width.site", "'midle'"),
        ),
        (
            "train.groups.width.seeds",
            [0, 0],
            ("groups.width.seeds: the same value",),
        ),
        (
            "train.groups.width.alphas",
            [0.1, 0.1],
            ("groups.width.alphas: the same", "once"),
        ),
        (
            "train.groups.width.alphas",
            [],
            ("train.groups.width.alphas", "at least 1"),
        ),
        ("fidelity.spliced_groups", ["r2"], ("no group", "'r2'", "one of middle_r2")),
        ("fidelity.spliced_groups", ["knee"], ("'knee'", "no group on the language model")),
        (
            "activate.skip_positions",
            16,
            ("edit activate.skip_positions", "16 leaves nothing", "less than tokenize"),
        ),
        ("activate.train_tokens", {"late": 9}, ("train_tokens.late: 'late' is not", "of middle")),
        ("train.ica.sites", [], ("middle.baselines: no independent", "in train.ica.sites")),
        ("ioi.edited", 5, ("edit ioi.edited", "no point", "[1, 4, 512]")),
        ("ioi.plans.middle.site", "late", ("edit ioi.plans.middle.site", "one of middle")),
        (
            "ioi.plans.middle.dictionaries",
            {"knee": [0.1]},
            ("'middle' is named 'knee'", "middle_r2"),
        ),
        ("ioi.plans.middle.dictionaries.middle_r2", [0.3], ("no alpha 0.3", "[0.0, 0.002, 0.01]")),
        ("ioi.plans.middle.dictionaries.middle_random", [3.0], ("no k 3 is trained", "[2, 4]")),
        ("ioi.plans.middle.dictionaries.middle_random", [2, 4], ("2 numbers of codes", "one of")),
        (
            "train.groups.middle_random.method",
            "pca",
            ("middle_random.method", "sae_random_decoder"),
        ),
        ("train.groups.middle_random.ks", [2, 2], ("middle_random.ks: the same", "once")),
        ("train.optimiser.lr_at", {"atlantis": 0.1}, ("no site or group", "middle_random")),
        ("ioi.plans.all.baselines", ["random_topk"], ("all.baselines: random_topk", "alpha > 0")),
    ],
)
def test_a_mistake_names_the_key_and_the_mend(
    tmp_path: Path, key: str, value: Any, words: tuple[str, ...]
):
    values = content()
    *parents, last = key.split(".")
    section = values
    for parent in parents:
        section = section[parent]
    section[last] = value
    if value is GONE:
        del section[last]
    message = refused(write_params(tmp_path, values))
    assert [word for word in words if word not in message] == [], message


def with_an_untrained_site() -> dict[str, Any]:
    values = content()
    values["activate"]["untrained"]["control"] = untrained()
    values["train"]["groups"]["control_r2"] = group("control", [1.0e-3], [0])
    return values


def test_an_untrained_site_is_one_like_the_others_to_train_on(tmp_path: Path):
    values = with_an_untrained_site()
    values["train"]["ica"]["sites"].append("control")
    values["activate"]["train_tokens"] = {"control": 512}
    params = load_params(write_params(tmp_path, values))
    assert params.activate.sites == {"middle": resid_post(1), "control": resid_post(1)}


def test_nothing_is_put_back_into_an_untrained_model(tmp_path: Path):
    values = with_an_untrained_site()
    values["ioi"]["plans"]["all"]["site"] = "control"
    message = refused(write_params(tmp_path, values))
    assert "ioi.plans.all.site: 'control' is a site of an untrained model" in message
    assert "the trained one, one of middle" in message
    values = with_an_untrained_site()
    values["fidelity"]["spliced_groups"].append("control_r2")
    message = refused(write_params(tmp_path, values))
    assert "spliced_groups.control_r2: 'control' is a site of an untrained model" in message


def test_several_mistakes_are_counted_and_the_first_is_told(tmp_path: Path):
    message = refused(write_params(tmp_path, train__batch=0, tokenize__bos="yes"))
    assert "tokenize.bos: " in message
    assert "; and 1 more" in message


@pytest.mark.parametrize("text", ["profile: a\nprofile: b\n", "profile: [a\n", "a: b: c\n"])
def test_a_file_that_is_not_yaml_is_told_with_its_line(tmp_path: Path, text: str):
    (tmp_path / "params.yaml").write_text(text)
    message = refused(tmp_path / "params.yaml")
    assert "not YAML" in message
    assert "line " in message


@pytest.mark.parametrize("text", ["", "# nothing\n", "- profile\n", "laptop\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str):
    (tmp_path / "params.yaml").write_text(text)
    assert "top level" in refused(tmp_path / "params.yaml")


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path):
    with pytest.raises(ParamsError, match=r"params\.yaml is missing"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParamsError, match="not YAML"):
        load_params(tmp_path / "params.yaml")
    with pytest.raises(ParamsError, match="folder"):
        load_params(tmp_path)


@pytest.mark.parametrize("number", ["1e-3", "1.0e-3", "1E-3", "0.001", ".001"])
def test_a_number_is_read_as_dvc_reads_it(tmp_path: Path, number: str):
    path = write_params(tmp_path, train__optimiser__lr=12345.5)
    path.write_text(path.read_text().replace("12345.5", number))
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


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every key, at every depth."""
    children = value.items() if isinstance(value, dict) else ()
    return [p for key, inner in children for p in ((*path, key), *places(inner, (*path, key)))]


FREE = {
    ("activate", "hook_points"),
    ("activate", "train_tokens"),
    ("activate", "untrained"),
    ("train", "groups"),
    ("train", "optimiser", "lr_at"),
    ("features", "dictionaries"),
    ("erase", "dictionaries"),
    ("steer", "dictionaries"),
    ("interpret", "dictionaries"),
    ("ioi", "plans"),
    *(("ioi", "plans", name, "dictionaries") for name in content()["ioi"]["plans"]),
}
"""Mappings whose keys are the user's own."""


@pytest.mark.parametrize(
    "place",
    [p for p in places(content()) if p[:-1] not in FREE],
    ids=lambda place: ".".join(place),
)
def test_no_key_may_be_left_out(place: tuple[str, ...]):
    values = content()
    parent = values
    for key in place[:-1]:
        parent = parent[key]
    del parent[place[-1]]
    with pytest.raises(ParamsError, match=rf" {'.'.join(place)}: missing key"):
        parse_params(values, PARAMS)


def test_params_survive_json():
    params = load_params(PARAMS)
    assert Params.model_validate_json(params.model_dump_json()) == params
