"""`dvc.yaml` against the code: what a stage imports, takes and reads is what its entry says."""

import inspect
import subprocess
import sys
from configparser import ConfigParser
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from repro.maker.params.read import load_params, read_yaml
from repro.pipeline import _environment
from tests.import_graph import ROOT, needed

pytestmark = pytest.mark.slow

PIPELINE = ROOT / "dvc.yaml"
COPIES = sorted((ROOT / "profiles").glob("*/dvc.yaml"))
PARAMS = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*/params.yaml"))]
STAGES: dict[str, dict[str, Any]] = read_yaml(PIPELINE)["stages"]
DATA = {
    "report": {"repro/report/style.css", "repro/report/template.html.j2"},
    "ioi": {"repro/maker/ioi/words.yaml"},
}
"""Files that a stage reads and does not import."""
SETTINGS: dict[str, Any] = read_yaml(ROOT / "params.yaml")
JUDGES = {"verify", "report"}
PROOFS = ("bench", "calibration", "frontier", "mutants", "readings")
"""Folders of what was proved of the checks; committed, made by `make`, not by the pipeline."""


def code_deps(stage: str) -> set[str]:
    prefix = "${root}/repro/"
    deps = (dep for dep in STAGES[stage]["deps"] if dep.startswith(prefix))
    return {dep.removeprefix("${root}/") for dep in deps}


def options(stage: str) -> dict[str, str]:
    """Options of the stage's command and their values."""
    words = STAGES[stage]["cmd"].split()
    assert words[:3] == ["python", "-m", f"repro.maker.stages.{stage}"]
    return dict(zip(words[3::2], words[4::2], strict=True))


def out_paths(stage: str) -> set[str]:
    return {next(iter(out)) if isinstance(out, dict) else out for out in STAGES[stage]["outs"]}


def test_every_profile_has_its_params_and_the_same_pipeline():
    assert {path.parent.name for path in COPIES} >= {"smoke", "paper"}
    for copy in COPIES:
        assert copy.read_bytes() == PIPELINE.read_bytes(), f"cp dvc.yaml {copy.parent}"
        assert (copy.parent / "params.yaml").exists()


def test_every_stage_is_a_module_and_the_other_way_round():
    modules = {p.stem for p in (ROOT / "repro" / "stages").glob("*.py")} - {"__init__", "edge"}
    assert set(STAGES) == modules


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_says_what_it_is_for(stage: str):
    assert STAGES[stage]["desc"].endswith(".")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_code_that_it_imports_and_on_no_other(stage: str):
    wanted = {*needed(stage), *DATA.get(stage, ())}
    missing = "".join(f"      - ${{root}}/{dep}\n" for dep in sorted(wanted - code_deps(stage)))
    assert not missing, f"paste into the deps of {stage}, in dvc.yaml and its copies:\n{missing}"
    stale = sorted(code_deps(stage) - wanted)
    assert not stale, f"remove from the deps of {stage}: {stale}"


def test_only_the_judge_depends_on_the_claims():
    reading = {name for name, stage in STAGES.items() if any("/claims" in d for d in stage["deps"])}
    assert "verify" in reading
    assert reading <= JUDGES
    makers = [name for name, stage in STAGES.items() if "claims" in str(stage["deps"])]
    assert set(makers) <= JUDGES


@pytest.mark.parametrize("stage", sorted(set(STAGES) - JUDGES))
def test_a_command_gives_exactly_the_arguments_of_run(stage: str):
    run = import_module(f"repro.maker.stages.{stage}").run
    assert [f"--{name}" for name in inspect.signature(run).parameters] == list(options(stage))


@pytest.mark.parametrize("stage", sorted(JUDGES))
def test_the_commands_of_the_judge_give_known_options(stage: str):
    call = [sys.executable, "-m", f"repro.maker.stages.{stage}", "--help"]
    text = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(f"{option} " in text for option in options(stage))


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_command_reads_is_a_dependency_and_what_it_writes_an_output(stage: str):
    given = options(stage)
    read = {path for option, path in given.items() if option not in ("--out", "--params")}
    unlisted = {
        path
        for path in read - {"${profile}", "${root}/claims"}
        if not any(dep == path or dep.startswith(f"{path}/") for dep in STAGES[stage]["deps"])
    }
    assert unlisted == set()
    out = given["--out"]
    assert all(path == out or path.startswith(f"{out}/") for path in out_paths(stage))


def _is_proof(dependency: str) -> bool:
    return any(f"{dependency}/".startswith(f"${{root}}/reports/{name}/") for name in PROOFS)


def test_every_artifact_that_is_read_is_made_by_an_earlier_stage():
    made: set[str] = set()
    for stage in STAGES.values():
        artifacts = {d for d in stage["deps"] if d.startswith(("artifacts/", "${root}/reports/"))}
        assert {d for d in artifacts if not _is_proof(d)} <= made
        assert all((ROOT / d.removeprefix("${root}/")).exists() for d in artifacts if _is_proof(d))
        made |= {next(iter(out)) if isinstance(out, dict) else out for out in stage["outs"]}


@pytest.mark.parametrize("stage", STAGES)
def test_earlier_outputs_stay_until_new_ones_are_whole(stage: str):
    assert all(options["persist"] for out in STAGES[stage]["outs"] for options in out.values())


@pytest.mark.parametrize("path", PARAMS, ids=lambda path: path.parent.name)
def test_every_params_file_is_valid_and_named_for_its_folder(path: Path):
    params = load_params(path)
    assert params.profile == ("laptop" if path.parent == ROOT else path.parent.name)
    assert (path.parent / params.root).resolve() == ROOT


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_params_that_exist(stage: str):
    for name in STAGES[stage].get("params", []):
        found = SETTINGS
        for key in name.split("."):
            assert key in found, name
            found = found[key]


@pytest.mark.parametrize("stage", sorted(set(STAGES) - JUDGES))
def test_a_stage_names_every_section_that_its_code_reads(stage: str):
    listed = {name.split(".")[0] for name in STAGES[stage]["params"]}
    module = ROOT / "repro" / "stages" / f"{stage}.py"
    read = {s for s in SETTINGS if f"params.{s}" in module.read_text(encoding="utf8")}
    assert read - {"root"} <= listed


def dvc(*words: str, folder: Path) -> str:
    command = [sys.executable, "-m", "dvc", *words]
    done = subprocess.run(
        command, cwd=folder, env=_environment(ROOT), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_dvc_reads_every_pipeline_as_we_do():
    listed = dvc("stage", "list", "--all", "--name-only", folder=ROOT).split()
    prefixes = [""] + [f"{copy.relative_to(ROOT)}:" for copy in COPIES]
    assert set(listed) == {f"{prefix}{stage}" for prefix in prefixes for stage in STAGES}


def test_dvc_neither_reports_on_its_users_nor_asks_for_updates():
    config = ConfigParser()
    config.read_string(
        "\n".join(line.strip() for line in (ROOT / ".dvc" / "config").read_text().splitlines())
    )
    assert config["core"]["analytics"] == "false"
    assert config["core"]["check_update"] == "false"
    assert not [name for name in config.sections() if "remote" in name]
    assert _environment(ROOT)["DVC_NO_ANALYTICS"] == "1"
