"""A changed formula is never served from a cache, and a changed word re-runs nothing."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from repro.maker.engine.code import PACKAGE, code_of, files_of
from repro.maker.pipeline.stages import names
from tests.import_graph import ROOT

MAKER = sorted(path for path in (PACKAGE / "maker").rglob("*.py") if path.parent.name != "pipeline")
STAGES = tuple(f"repro.maker.stages.{name}" for name in names())
OUTSIDE = {
    "maker/__main__.py",
    "maker/params/model.py",
    "maker/params/renamed.py",
    "maker/steer/shown.py",
}
"""Files that no stage reaches: they call stages, check the whole params file, or serve a person."""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that may be changed."""
    hide = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=hide))


def codes(package: Path) -> dict[str, str]:
    return {stage: code_of(stage, package) for stage in STAGES}


@cache
def now() -> dict[str, str]:
    return codes(PACKAGE)


@cache
def reached(stage: str) -> frozenset[str]:
    """Files of the package that are in memory once the stage's module is imported."""
    script = (
        f"import sys, {stage}\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'repro'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return frozenset(str(Path(word).relative_to(PACKAGE)) for word in done.stdout.split())


def test_a_copy_has_the_same_code(package: Path):
    assert codes(package) == now()


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_what_python_imports_is_what_is_hashed(stage: str):
    """Seen by running it; more may be hashed, since some imports wait inside functions."""
    hashed = {str(file.relative_to(PACKAGE)) for file in files_of(stage)}
    wordless = {name for name in reached(stage) if code_free(PACKAGE / name)}
    assert reached(stage) - wordless <= hashed
    assert len(reached(stage)) > 10


def code_free(file: Path) -> bool:
    """Whether a file holds nothing but its docstring."""
    return file.name == "__init__.py" and len(file.read_text("utf8").split('"""')[-1].strip()) == 0


@pytest.mark.parametrize("path", MAKER, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_changed_constant_changes_the_stages_that_reach_it_and_no_other(
    package: Path, path: Path
):
    name = path.relative_to(PACKAGE)
    with (package / name).open("a", encoding="utf8") as file:
        file.write("\nPLANTED_CONSTANT = 1\n")
    changed = {stage for stage, code in codes(package).items() if code != now()[stage]}
    reaching = {stage for stage in STAGES if path in files_of(stage)}
    if not code_free(path):
        assert changed == reaching
        assert bool(changed) != (str(name) in OUTSIDE)
    else:
        assert changed >= reaching


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reaches_the_tables_of_no_other(stage: str):
    """So a new table, or column, re-runs the one stage that writes it."""
    rows = {path.stem for path in files_of(stage) if path.parent.name == "rows"}
    assert rows - {"__init__", "row"} <= {stage.rpartition(".")[2]}


@pytest.mark.parametrize("stage", STAGES)
def test_words_re_run_nothing(package: Path, stage: str):
    for file in files_of(stage, package):
        if file.suffix == ".py":
            text = file.read_text(encoding="utf8").replace('"""', '"""Reworded. ', 1)
            file.write_text(f"{text}\n\n# a remark: ζ = 1\n", encoding="utf8")
    assert code_of(stage, package) == now()[stage]


def test_a_new_section_of_params_or_table_re_runs_nothing(package: Path):
    (package / "maker" / "params" / "novel.py").write_text("NOVEL = 1\n")
    (package / "contract" / "rows" / "novel.py").write_text("NOVEL = 1\n")
    (package / "maker" / "stages" / "novel.py").write_text("NOVEL = 1\n")
    model = package / "maker" / "params" / "model.py"
    model.write_text(model.read_text(encoding="utf8") + "\nMORE = 1\n", encoding="utf8")
    assert codes(package) == now()


def test_a_new_word_of_the_vocabulary_re_runs_nothing(package: Path):
    path = package / "contract" / "vocabulary.py"
    path.write_text(path.read_text(encoding="utf8").replace('"sae":', '"sae_new":', 1), "utf8")
    assert codes(package) == now()


def test_a_word_list_counts_whole(package: Path):
    words = package / "maker" / "ioi" / "words.yaml"
    words.write_text(words.read_text(encoding="utf8") + "# more\n", encoding="utf8")
    changed = {stage for stage, code in codes(package).items() if code != now()[stage]}
    assert changed == {"repro.maker.stages.ioi"}


def test_code_behind_a_string_or_a_comment_still_counts(package: Path):
    path = package / "maker" / "splits.py"
    before = "WORDS = 'é' # é\nX = 1\n"
    hashes = []
    for text in (before, before.replace("X = 1", "X = 2"), before.replace("# é", "# e")):
        path.write_text(text, encoding="utf8")
        hashes.append(code_of("repro.maker.splits", package))
    assert hashes[0] == hashes[2] != hashes[1]
