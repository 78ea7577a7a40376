"""`dvc.yaml` is what the stages declare, and every file that it names is made or committed."""

import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from repro.contract.rows import row_models
from repro.errors import ParamsError
from repro.maker.engine.code import PACKAGE, files_of
from repro.maker.params.model import load_params
from repro.maker.params.read import read_yaml
from repro.maker.pipeline.dvc import JUDGE, dvc_yaml, write_pipelines
from repro.maker.pipeline.stages import in_order, names, stage
from repro.pipeline import _environment
from tests.import_graph import ROOT

pytestmark = pytest.mark.slow

PIPELINE = ROOT / "dvc.yaml"
COPIES = sorted((ROOT / "profiles").glob("*/dvc.yaml"))
PARAMS = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*/params.yaml"))]
STAGES: dict[str, dict[str, Any]] = read_yaml(PIPELINE)["stages"]
SETTINGS: dict[str, Any] = read_yaml(ROOT / "params.yaml")
JUDGES = ("verify", "report", "pages")


def outs(stage: str) -> dict[str, dict[str, Any]]:
    """What a stage writes, and how DVC keeps it."""
    entry = STAGES[stage]
    listed = [*entry.get("outs", ()), *entry.get("metrics", ()), *entry.get("plots", ())]
    return {path: options for out in listed for path, options in out.items()}


def test_every_profile_has_the_pipeline_that_the_stages_declare():
    assert {path.parent.name for path in COPIES} >= {"smoke", "paper"}
    for path in (PIPELINE, *COPIES):
        assert path.read_text(encoding="utf8") == dvc_yaml(), "python -m repro.maker pipeline"
        assert path.with_name("params.yaml").exists()


def test_it_reads_like_a_pipeline():
    assert len(PIPELINE.read_text(encoding="utf8").splitlines()) <= 200


def test_a_stale_pipeline_is_written_again_and_no_other(tmp_path: Path):
    with pytest.raises(ParamsError, match="no checkout"):
        write_pipelines(tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "params.yaml").write_text("profile: own")
    (tmp_path / "profiles" / "mine").mkdir(parents=True)
    (tmp_path / "profiles" / "mine" / "params.yaml").write_text("profile: mine")
    both = [tmp_path / "dvc.yaml", tmp_path / "profiles" / "mine" / "dvc.yaml"]
    assert write_pipelines(tmp_path) == both
    both[1].write_text("stages:")
    assert write_pipelines(tmp_path) == both[1:]
    assert [path.read_text() for path in both] == [dvc_yaml()] * 2


def test_the_stages_are_the_modules_each_after_those_it_reads():
    assert list(STAGES) == ["code", *(one.name for one in in_order()), *JUDGES]
    assert {one.name for one in in_order()} == {*names()}
    seen: set[str] = {"frontier"}
    for one in in_order():
        assert {*one.inputs} <= seen, one.name
        seen.add(one.name)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_says_what_it_is_for(name: str):
    assert STAGES[name]["desc"].endswith(".")


@pytest.mark.parametrize("name", names())
def test_a_stage_depends_on_its_own_code_and_on_what_it_reads(name: str):
    deps = STAGES[name]["deps"]
    assert deps[0] == f"artifacts/code/{name}"
    assert [Path(dep).name for dep in deps[1:]] == [*stage(name).inputs]


@pytest.mark.parametrize("name", names())
def test_a_table_is_written_by_the_stage_in_whose_module_its_rows_are(name: str):
    tables = {model.table for model in stage(name).tables}
    assert {row_models()[table].stage() for table in tables} <= {name}
    written = {Path(path).stem for path in outs(name) if "/evidence/" in path}
    assert written == tables


def test_only_the_judge_depends_on_the_claims():
    reading = {n for n, entry in STAGES.items() if any("claims" in dep for dep in entry["deps"])}
    assert reading == {*JUDGES}


CALLED = {
    "verify": ("repro.console", "repro.judge.verify", "repro.judge.metrics"),
    "report": ("repro.console", "repro.report.write"),
    "pages": ("repro.console", "repro.report.write", "repro.report.features"),
}
"""What the commands of the judge call; the command line itself imports all of it."""


@pytest.mark.parametrize("name", JUDGES)
def test_the_judge_depends_on_all_the_code_that_may_decide(name: str):
    listed = [dep.removeprefix("${root}/repro/") for dep in STAGES[name]["deps"]]
    reached = {file for module in CALLED[name] for file in files_of(module)}
    places = {str(file.relative_to(PACKAGE)) for file in reached}
    assert len(places) > 20
    assert {p for p in places if not any(p == d or p.startswith(f"{d}/") for d in listed)} == set()
    assert {*JUDGE} <= {*listed}


@pytest.mark.parametrize("name", STAGES)
def test_earlier_outputs_stay_until_new_ones_are_whole(name: str):
    assert all(options["persist"] for options in outs(name).values())


@pytest.mark.parametrize("path", PARAMS, ids=lambda path: path.parent.name)
def test_every_params_file_is_valid_and_named_for_its_folder(path: Path):
    params = load_params(path)
    assert params.profile == ("laptop" if path.parent == ROOT else path.parent.name)
    assert (path.parent / params.root).resolve() == ROOT


@pytest.mark.parametrize("name", names())
def test_a_stage_names_params_that_exist(name: str):
    assert {*STAGES[name]["params"]} <= SETTINGS.keys()
    assert STAGES[name]["params"] == stage(name).params


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
