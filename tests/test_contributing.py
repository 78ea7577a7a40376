"""CONTRIBUTING names every file that an addition touches, and no file that is not there."""

import re
from collections.abc import Iterator

import pytest

from repro.maker.pipeline.stages import names
from tests.import_graph import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE))
DESCRIBED = {
    "repro/contract/rows/fidelity.py",
    "repro/contract/proofs/quality.py",
    "repro/proofs/bench/recipe.py",
}
"""Docstrings that list methods, and the search for a recipe, which tries this one as an arm."""
EDITS = {
    *(f"repro/maker/erase/{name}.py" for name in ("erasers", "items", "jobs")),
    *(f"repro/maker/steer/{name}.py" for name in ("bench", "push")),
    "repro/maker/stages/erase.py",
}
"""Stages that push or erase along a direction of that name: it is no decomposition there."""
PLACES = ("repro", "claims", "params.yaml", "profiles")
"""Where what is added leaves traces outside the tests."""


def paths(text: str) -> Iterator[str]:
    """What stands in backticks and looks like a file or a folder of the checkout."""
    for word in re.findall(r"`([^`\s]+)`", text):
        if re.fullmatch(r"[\w.<>*/-]+(/|\.(py|md|yaml|lock))", word):
            yield word


def named(section: str) -> list[str]:
    """The files that a section names, as patterns; one named alone stands in the folder before."""
    found, folder = [], ""
    for path in paths(SECTIONS[section]):
        folder = path if path.endswith("/") else folder if "/" not in path else ""
        short = "/" not in path and not (ROOT / path).exists()
        found.append(re.sub(r"<\w+>", "*", folder + path if short else path))
    return found


def spelling(word: str) -> set[str]:
    """Files outside the tests in which a word stands in quotes, or as a value in params."""
    found = set()
    for place in PLACES:
        top = ROOT / place
        for path in top.rglob("*") if top.is_dir() else [top]:
            if path.suffix not in (".py", ".yaml") or path.name == "dvc.yaml":
                continue
            if re.search(rf"(?<![\w-]){word}(?![\w-])", path.read_text(encoding="utf8")):
                found.add(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_every_file_that_is_named_is_there(section: str) -> None:
    for pattern in named(section):
        assert list(ROOT.glob(pattern)), f"{section}: {pattern}"


@pytest.mark.parametrize(
    ("section", "word", "free"),
    [
        ("Add a claim", "k04", {"repro/contract/ambiguities.py"}),
        ("Add a decomposition", "mean_difference", EDITS),
        ("Add a decomposition", "sae_untied", DESCRIBED),
    ],
)
def test_every_file_that_a_like_addition_touched_is_named(
    section: str, word: str, free: set[str]
) -> None:
    """`free`: what a file may say of it without being asked to; claims name what they please."""
    told = {str(p.relative_to(ROOT)) for one in named(section) for p in ROOT.glob(one)}
    touched = {path for path in spelling(word) if not path.startswith("claims/")}
    assert touched - free <= told


@pytest.mark.parametrize("stage", names())
def test_what_a_stage_is_made_of_stands_where_it_is_said_to(stage: str) -> None:
    told = named("Add a stage")
    for folder in ("params", "stages"):
        pattern = f"repro/maker/{folder}/*.py"
        assert pattern in told
        assert ROOT / f"repro/maker/{folder}/{stage}.py" in ROOT.glob(pattern)
