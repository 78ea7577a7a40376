"""The stages on a project in small: killed and resumed, damaged, diverging, and all in a row."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from repro.contract.evidence import read_evidence
from repro.contract.rows import stage_of
from repro.contract.verdict import Status
from repro.contract.verdict_file import read_verdicts
from repro.contract.vocabulary import made
from repro.maker.decompositions.trained import read_trained
from repro.maker.dictionaries.metrics import matched_cosines
from repro.maker.dictionaries.model import load_dictionary
from repro.maker.dictionaries.moments import load_transform
from repro.maker.planted import planted
from tests.import_graph import ROOT
from tests.stages import at, called
from tests.tiny_models import save_neox, write_stories
from tests.tiny_project import (
    commands,
    content,
    contents,
    group,
    params_of,
    plan,
    write_params,
    write_stores,
)

pytestmark = pytest.mark.slow

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Params and stores of activations, ready to train on."""
    write_params(tmp_path)
    write_stores(tmp_path, params_of(tmp_path))
    return tmp_path


def words(project: Path, out: str = "train") -> list[str]:
    folders = at(activate=project / "activate", plant=project / "plant", train=project / out)
    return ["repro.maker", "run", "train", "--params", str(project / "params.yaml"), *folders]


def test_plant_writes_the_same_bytes_at_every_run(project: Path):
    for out in ("a", "b"):
        params = ["--params", str(project / "params.yaml")]
        assert called("repro.maker", "run", "plant", *params, *at(plant=project / out)) == 0
    assert contents(project / "a") == contents(project / "b") == contents(project / "plant")


def test_train_writes_every_member_of_the_grid_and_lists_it(project: Path):
    assert called(*words(project)) == 0
    members = read_trained(project / "train").dictionaries
    grid = {
        (name, *knob, seed)
        for name, group in params_of(project).train.groups.items()
        for knob in group.knobs
        for seed in group.seeds
    }
    assert {(m.group, m.alpha, m.k, m.seed) for m in members} == grid
    assert len(members) == len(grid)
    for member in members:
        dictionary = load_dictionary(project / "train" / member.file)[0]
        assert dictionary.k == member.k
        torch.testing.assert_close(dictionary.W_dec.norm(dim=1), torch.ones(len(dictionary.W_dec)))
    assert not list(project.rglob("*.part")), "nothing half-made stays"


def test_a_group_with_a_step_size_of_its_own_is_trained_with_it_and_no_other_is(project: Path):
    """After so many steps features have turned as far as the step size lets them."""
    found = []
    for lr_at in ({}, {"middle_random": 0.1}, {"middle_random": 0.1, "middle": 1.0e-3}):
        write_params(project, train__optimiser__lr_at=lr_at)
        assert called(*words(project)) == 0
        members = read_trained(project / "train").dictionaries
        found.append({(m.group, m.seed, m.alpha, m.k): m.sha256 for m in members})
    plain, own, both = found
    moved = {key[0] for key in plain if plain[key] != own[key]}
    assert moved == {"middle_random"}
    assert both == own, "a group's comes before its site's"


def test_a_standard_autoencoder_alone_is_saved_with_a_centre_that_it_learned(project: Path):
    assert called(*words(project)) == 0
    at_site = load_transform(project / "train" / "sites" / "middle" / "transform.safetensors")
    moved = {}
    for member in read_trained(project / "train").dictionaries:
        if member.site == "middle":
            saved = load_dictionary(project / "train" / member.file)[1]
            assert saved.scale == at_site.scale
            moved.setdefault(member.method, []).append(not torch.equal(saved.mean, at_site.mean))
    assert all(moved.pop("sae_standard"))
    assert set(moved) == {"sae", "sae_random_decoder"}
    assert not any(any(its) for its in moved.values())


def test_trained_dictionaries_find_more_of_what_was_planted_than_chance(project: Path):
    values = content()
    values["plant"]["train_tokens"] = 32_768
    write_params(project, values, train__optimiser__lr=3.0e-3)
    for store in ("activate", "plant"):
        shutil.rmtree(project / store)
    write_stores(project, params_of(project))
    assert called(*words(project)) == 0
    knee = project / "train" / "knee" / "seed0" / "a1.safetensors"
    found = load_dictionary(knee)[0]
    truth = planted("planted_knee", dimension=8, active=2, seed=1).features
    chance = torch.nn.functional.normalize(
        torch.randn(found.W_dec.shape, generator=torch.Generator().manual_seed(0)), dim=1
    )
    assert matched_cosines(truth, found.W_dec).mean() > 0.8
    assert matched_cosines(truth, chance).mean() < 0.75


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(project: Path):
    few = content()
    few["train"]["groups"] = {
        "knee": group("planted_knee", [1.0e-2, 1.0e-1], [0, 1]),
        "middle": group("middle", [1.0e-2], [0]),
    }
    few["fidelity"]["spliced_groups"] = []
    few["ioi"]["plans"] = {"baseline": plan({}, ["pca"])}
    write_params(project, few)
    assert called(*words(project, "whole")) == 0
    write_params(project, few, train__checkpoint_s=1.0e-6)
    command = [sys.executable, "-m", *words(project)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True)
    scratch = project / ".scratch"
    finished = []
    deadline = time.monotonic() + 60
    while not (finished and list(scratch.glob("*/*.part/checkpoint.safetensors"))):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        finished = [path for path in scratch.glob("*/*/a0.safetensors") if ".part" not in str(path)]
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (project / "train").exists()
    kept = {path.stat().st_mtime_ns for path in finished}
    subprocess.run(command, cwd=ROOT, check=True)
    assert contents(project / "train") == contents(project / "whole")
    assert kept <= {path.stat().st_mtime_ns for path in (project / "train").rglob("a0.*")}


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def cut_the_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def refused(project: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The message with which training is refused, its earlier output being left as it was."""
    (project / "train").mkdir(exist_ok=True)
    (project / "train" / "earlier").write_text("work")
    assert called(*words(project)) == 2
    assert contents(project / "train") == {"earlier": b"work"}
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert "\n  expected: " in message
    assert "\n  to mend:  " in message
    return message


@pytest.mark.parametrize("damage", [flip_a_bit, cut_the_end])
@pytest.mark.parametrize("store", ["plant/planted_knee", "activate/middle"])
def test_a_damaged_shard_is_named_and_nothing_is_trained_on_it(
    project: Path, capsys: pytest.CaptureFixture[str], damage, store: str
):
    damage(project / store / "train-00000.safetensors")
    message = refused(project, capsys)
    assert f"{store}/train-00000.safetensors was truncated or altered" in message


def test_a_missing_store_is_named(project: Path, capsys: pytest.CaptureFixture[str]):
    (project / "plant" / "planted_knee" / "manifest.json").unlink()
    assert "planted_knee/manifest.json is missing" in refused(project, capsys)


def test_too_few_activations_for_one_batch_are_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
):
    write_params(project, train__batch=4096)
    message = refused(project, capsys)
    assert "2048 training activations" in message
    assert "at least one batch of 4096" in message


def test_divergence_names_the_autoencoder_the_step_and_the_cure(
    project: Path, capsys: pytest.CaptureFixture[str]
):
    write_params(project, train__optimiser__lr=1.0e30)
    message = refused(project, capsys)
    assert "training diverged: " in message
    assert "seed 0" in message
    assert "lower train.optimiser.lr or lr_at (now 1e+30)" in message


OFFLINE = """
import socket

def refuse(*_, **__):
    raise OSError("the network is blocked")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""
CHAIN = """
import json, sys
from tests.stages import called
if __name__ == "__main__":
    for stage, words in json.loads(sys.argv[1]):
        if called(*words):
            sys.exit(f"{stage} failed")
"""


def run_chain(project: Path, stages: list[tuple[str, list[str]]]) -> None:
    """Run stages in one process that, with its children, has no network."""
    (project / "sitecustomize.py").write_text(OFFLINE)
    (project / "chain.py").write_text(CHAIN)
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{project}{os.pathsep}{ROOT}"}
    command = [sys.executable, "chain.py", json.dumps(stages)]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole pipeline, as `dvc.yaml` orders it, on a random GPT-NeoX and forty stories."""
    project = tmp_path_factory.mktemp("project")
    save_neox(project / "model")
    write_stories(project / "stories", 60)
    write_params(project)
    run_chain(project, list(commands()))
    return project


def evidence(project: Path) -> Path:
    return project / "reports" / "tiny" / "evidence"


def test_the_whole_chain_runs_without_network_and_leaves_valid_evidence(finished: Path):
    tables = {name: read_evidence(evidence(finished), name) for name in made()}
    for name, table in tables.items():
        scope = table.header.scope
        assert (scope is None) == (name == "toy"), "the toy speaks of no language model"
        assert scope is None or scope.sites["middle"].startswith("blocks.1.")
        assert table.header.provenance["profile"] == "tiny"


def test_every_method_and_every_control_is_measured(finished: Path):
    found = set(read_evidence(evidence(finished), "fidelity").columns["method"])
    baselines = {"pca_static", "pca_topk", "neurons_topk", "random_topk"}
    controls = {"sae_frozen_dead", "sae_duplicated", "random", "sae_random_decoder"}
    assert found == {"sae", "sae_standard"} | baselines | controls


def test_an_identity_in_the_model_changes_no_loss_and_zeros_change_it(finished: Path):
    columns = read_evidence(evidence(finished), "spliced").columns
    same = columns["method"] == "identity"
    assert same.any()
    assert np.array_equal(columns["loss_spliced"][same], columns["loss_clean"][same])
    zero = columns["method"] == "zero"
    assert np.array_equal(columns["loss_spliced"][zero], columns["loss_zero"][zero])
    assert (columns["loss_zero"] != columns["loss_clean"]).all()


def test_verdicts_and_report_are_there_and_nothing_is_broken(finished: Path):
    verdicts = read_verdicts(finished / "reports" / "tiny" / "verdicts.json")
    by_id = {verdict.id: verdict for verdict in verdicts.verdicts}
    assert verdicts.profile == "tiny"
    assert len(by_id) == len(list((ROOT / "claims").glob("[!_]*.py")))
    assert Status.BROKEN not in {verdict.status for verdict in by_id.values()}
    assert by_id["c21"].status != Status.ABSENT
    assert by_id["c11"].status == Status.ABSENT
    assert "c21" in (finished / "reports" / "tiny" / "claims.html").read_text(encoding="utf8")


def test_evidence_does_not_depend_on_how_the_items_are_spread(finished: Path):
    tables = {p.name: p.read_bytes() for p in evidence(finished).glob("*.parquet")}
    headers = {p.name: json.loads(p.read_text()) for p in evidence(finished).glob("*.json")}
    spread = {"kind": "processes", "workers": 2, "threads": 1}
    stages = ("fidelity", "toy", "ioi", "interpret", "features", "erase", "steer")
    write_params(finished, **{f"{stage}__executor": spread for stage in stages})
    for stage in stages:
        again = [*dict(commands())[stage], *at(evidence=Path("again"))]
        run_chain(finished, [(stage, again)])
    assert {p.name: p.read_bytes() for p in (finished / "again").glob("*.parquet")} == tables
    for name, header in headers.items():
        stage = stage_of(header["name"])
        header["provenance"]["params"][stage]["executor"] = spread
        assert json.loads((finished / "again" / name).read_text()) == header
