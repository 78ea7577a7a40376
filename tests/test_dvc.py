"""DVC's own commands on a real checkout with a tiny profile: they run, compare and draw."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from repro.maker.pipeline.stages import names
from repro.pipeline import _environment
from tests.import_graph import ROOT
from tests.tiny_models import save_neox, write_stories
from tests.tiny_project import write_params

pytestmark = pytest.mark.slow

RAN = "Running stage "
MEASURED = '''"""More than nothing is left unexplained."""

from repro.spec import Claim, Control, Drop, Exceeds, Paper, Ratio, Where

CHECK = Exceeds(
    reads="fidelity",
    of=Ratio(name="FVU", unit="1", over="squared_error", under="variance"),
    where=(Where(column="site", values=("middle",)), Where(column="method", values=("sae",))),
    margin=0.0,
    clusters=("document",),
)
CLAIM = Claim(
    id="c99",
    source="critic",
    says="A trained dictionary leaves some variance unexplained.",
    paper=Paper(section="none"),
    reads=("fidelity",),
    check=CHECK,
    controls=(Control(name="same", kind="positive", check=CHECK, must="supported", why="it is"),),
    saboteurs=(Drop(name="hide all", reads="fidelity", turns_to=("absent",)),),
    deviation="None.",
    refuted_by="An interval below.",
    unit="1",
)
'''
"""A claim that a profile of seconds can measure."""


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as they are, with a profile of seconds in the place of the laptop's, run once."""
    root = tmp_path_factory.mktemp("checkout") / "repro"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    for name in listed:
        if (ROOT / name).is_file() and not name.startswith(
            ("profiles/", "reports/laptop", "tests/")
        ):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    (root / "dvc.lock").unlink(missing_ok=True)
    save_neox(root / "model")
    write_stories(root / "stories", 60)
    write_params(root)
    (root / "claims" / "c99_measured.py").write_text(MEASURED, encoding="utf8")
    git(root, "init", "--quiet")
    with (root / ".gitignore").open("a") as ignored:
        ignored.write("/model\n/stories\n")
    dvc(root, "repro")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a run")
    return root


def dvc(root: Path, *words: str) -> str:
    """What a command of DVC says; it must end well."""
    environment = {**_environment(root), "PYTHONPATH": str(root)}
    identity = {
        f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=root, env={**environment, **identity}, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def ran(said: str) -> list[str]:
    return [
        line.removeprefix(RAN).strip("':") for line in said.splitlines() if line.startswith(RAN)
    ]


@pytest.fixture
def changed(checkout: Path) -> Iterator[Path]:
    """The checkout, put back as it was committed afterwards."""
    yield checkout
    git(checkout, "checkout", "--quiet", ".")
    dvc(checkout, "repro")


def test_after_a_run_there_is_nothing_to_do(checkout: Path):
    assert "up to date" in dvc(checkout, "status")
    assert ran(dvc(checkout, "repro")) == []


def test_metrics_are_the_verdicts(checkout: Path):
    shown = json.loads(dvc(checkout, "metrics", "show", "--json"))
    (metrics,) = shown[""]["data"].values()
    verdicts = json.loads((checkout / "reports/tiny/verdicts.json").read_text("utf8"))["verdicts"]
    assert metrics["data"].keys() == {verdict["id"] for verdict in verdicts}
    for verdict in verdicts:
        told = metrics["data"][verdict["id"]]
        assert told["status"] == verdict["status"]
        assert told.get("estimate") == verdict["estimate"]


def test_a_change_of_training_is_told_in_metrics(changed: Path):
    said = dvc(changed, "exp", "run", "--set-param", "train.batch=64")
    ran_stages = [
        "code",
        "train",
        "erase",
        "features",
        "fidelity",
        "ioi",
        "steer",
        "interpret",
        "toy",
        "verify",
        "report",
        "pages",
    ]
    assert ran(said) == ran_stages
    moved = json.loads(dvc(changed, "metrics", "diff", "--json"))
    (claims,) = moved.values()
    assert claims["c99.estimate"]["diff"] != 0
    assert claims["c99.low"]["new"] < claims["c99.estimate"]["new"] < claims["c99.high"]["new"]
    table = dvc(changed, "exp", "show", "--csv")
    assert "c99.estimate" in table
    assert "train.batch" in table


def test_plots_have_points_of_every_table(checkout: Path, tmp_path: Path):
    said = dvc(checkout, "plots", "show", "--out", str(tmp_path / "plots"))
    assert "index.html" in said
    page = (tmp_path / "plots" / "index.html").read_text("utf8")
    for title in ("FVU against L0", "KL against features patched"):
        assert title in page
    assert '"series": "sparse autoencoder"' in page
    assert '"patched"' in page


def edit(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text("utf8")
    assert text.count(old) >= 1
    (root / name).write_text(text.replace(old, new, 1), "utf8")


def test_a_changed_docstring_re_runs_the_hash_of_the_code_alone(changed: Path):
    edit(changed, "repro/maker/dictionaries/loss.py", '"""', '"""Reworded. ')
    assert ran(dvc(changed, "repro")) == ["code"]


def test_a_changed_formula_re_runs_what_reaches_it(changed: Path):
    edit(changed, "repro/maker/dictionaries/metrics.py", "\n\n\n", "\n\n\nMORE = 1\n\n\n")
    again = ran(dvc(changed, "repro"))
    assert again[:3] == ["code", "features", "fidelity"]
    assert not {"train", "activate", "tokenize", "fetch", "plant", "erase"} & {*again}


def test_a_new_threshold_re_runs_no_maker(changed: Path):
    edit(changed, "claims/c15_beats_pca.py", "margin=0.02", "margin=0.03")
    assert not {*names()} & {*ran(dvc(changed, "repro"))}


def test_a_section_that_a_stage_does_not_read_does_not_concern_it(changed: Path):
    edit(changed, "params.yaml", "recovered_cosine: 0.9", "recovered_cosine: 0.8")
    assert ran(dvc(changed, "repro"))[:2] == ["code", "toy"]
    assert os.path.exists(changed / "artifacts/code/toy")
