"""`repro steer`: both continuations side by side, and a message for what cannot be."""

import subprocess
import sys
from pathlib import Path

import pytest

from repro.maker.steer.shown import Asked, Shown, side_by_side
from tests.maker.interpret.trained_project import train
from tests.tiny_project import content

FILE = "artifacts/train/middle_r2/seed0/a1.safetensors"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shown")
    train(folder, content())
    return folder


def steered(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    called = [sys.executable, "-m", "repro.cli", "steer", *words]
    return subprocess.run(called, cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_feature_is_amplified_beside_the_untouched_model(project: Path):
    words = ("--prompt", "The rivers of", "--dictionary", FILE, "--tokens", "6")
    first, again = (steered(project, "3", *words, "--strength", "2") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    assert "untouched" in first.stdout
    assert "feature 3, strength 2" in first.stdout
    assert "it promotes" in first.stdout
    none = steered(project, "3", *words, "--strength=0")
    halves = [line.split(" │ ") for line in none.stdout.splitlines() if " │ " in line][1:]
    assert all(left.strip() == right.strip() for left, right in halves)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("99", "--prompt", "x", "--dictionary", FILE), "there is no feature 99"),
        (("--prompt", "x", "--dictionary", FILE, "--", "-1"), "there is no feature -1"),
        (("1", "--prompt", "x", "--dictionary", "gone.safetensors"), "gone.safetensors"),
        (("1", "--prompt", "x" * 9000, "--dictionary", FILE), "are more than"),
        (("1", "--prompt", "x", "--dictionary", FILE, "--artifacts", "no"), "no/activate"),
    ],
)
def test_a_mistake_is_one_message(project: Path, words: tuple[str, ...], told: str):
    done = steered(project, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_columns_are_as_wide_as_the_terminal_and_lose_no_word():
    found = Shown(["a"], " word" * 60, " other" * 50 + "\n\nend", 1.0, 2.0)
    text = side_by_side(Asked(7, "Begin", 0.5, 9, 0), found, width=70)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 70
    left = " ".join(line.split("│")[0] for line in lines if "│" in line)
    right = " ".join(line.split("│")[1] for line in lines if "│" in line)
    assert left.count("word") == 60
    assert right.count("other") == 50
    assert "end" in right
