"""One reading from text to verdicts, by the commands of `dvc.yaml`, in a folder of its own."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from repro.contract.ambiguities import FIDELITY
from repro.contract.proofs.multiverse import Found, ReadingResult
from repro.contract.verdict import Verdicts
from repro.contract.verdict_file import read_verdicts
from repro.errors import StageError
from repro.maker.decompositions.listed import write_listed
from repro.proofs.multiverse.design import Reading, applied

STAGES = ("tokenize", "activate", "plant", "train", "fidelity", "ioi", "interpret", "verify")
UNRUN = ("features", "steer", "erase")
"""Stages on which no fidelity claim rests: they name no unit that should have a card."""
TOY_VECTORS = 64
"""Size of the toy's sets here: no fidelity claim reads them."""


def run_reading(
    reading: Reading, folder: Path, root: Path, profile: Path, say: Callable[[str], None]
) -> ReadingResult:
    """Make a reading's evidence and judge it; one that is judged already is not made again.

    Args:
        reading: what differs from the profile.
        folder: where artifacts and evidence go; its parent has the fetched model and text.
        root: the checkout.
        profile: params file whose sizes are used.
        say: gets a line before each stage.

    Raises:
        StageError: a stage failed; the message has its words.
    """
    verdicts = folder / "report" / "verdicts.json"
    if not verdicts.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write_yaml(folder / "params.yaml", applied(_sized(_read_yaml(profile)), reading))
        for name in UNRUN:
            write_listed(folder / "artifacts" / name, ())
        for name, words in commands(root):
            if name in STAGES:
                say(f"{reading.name}: {name}")
                _run(words, folder, root)
    return _result(reading, read_verdicts(verdicts))


def fetch(folder: Path, root: Path, profile: Path) -> None:
    """The model and the text, once for all readings, into `folder`/fetch."""
    if (folder / "fetch").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    _write_yaml(folder / "params.yaml", _read_yaml(profile))
    _run([*dict(commands(root))["fetch"], "--at", "fetch=fetch"], folder, root)


def commands(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Each stage of `dvc.yaml` and the words of its command, for a reading's folder."""
    elsewhere = {"fetch": "../fetch", "evidence": "report/evidence"}
    for name, stage in _read_yaml(root / "dvc.yaml")["stages"].items():
        words = stage["cmd"].replace("${root}/reports/${profile}", "report")
        words = words.replace("${root}", str(root)).replace("${profile}", "reading").split()[1:]
        made = {one for one in elsewhere if one in _folders_of(stage)} if "run" in words else ()
        at = [word for one in sorted(made) for word in ("--at", f"{one}={elsewhere[one]}")]
        yield name, [sys.executable, *words, *at]


def _folders_of(stage: dict[str, Any]) -> set[str]:
    """Names of the folders that a stage reads and writes."""
    paths = [*stage["deps"], *(key for out in stage["outs"] for key in out)]
    inside = {Path(path).parent.name for path in paths}
    return inside | {Path(path).name for path in stage["deps"]}


def _run(words: list[str], folder: Path, root: Path) -> None:
    done = subprocess.run(
        words, cwd=folder, env=_environment(root), text=True, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise StageError(
            f"{' '.join(words[2:5])} failed in {folder}: {done.stderr.strip()[-2000:]}",
            expected="a stage that ends well",
            mend="mend what it says, then: make multiverse (finished work is kept)",
        )


def _environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root)}


def _sized(content: dict[str, Any]) -> dict[str, Any]:
    """The profile without the toy, which no fidelity claim reads."""
    groups: Mapping[str, Any] = content["train"]["groups"]
    content["train"]["groups"] = {
        name: group for name, group in groups.items() if not name.startswith("toy_")
    }
    content["plant"]["toy"] |= {"train_tokens": TOY_VECTORS, "heldout_tokens": TOY_VECTORS}
    return content


def _result(reading: Reading, verdicts: Verdicts) -> ReadingResult:
    return ReadingResult(
        name=reading.name,
        answers=dict(reading.answers),  # pyright: ignore[reportArgumentType]
        claims={
            one.id: Found(status=one.status, estimate=one.estimate, reason=one.reason)
            for one in verdicts.verdicts
            if one.id in FIDELITY
        },
    )


def _read_yaml(path: Path) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf8"))


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    with path.open("w", encoding="utf8") as stream:
        YAML(typ="safe", pure=True).dump(content, stream)


def scratch_of(root: Path, profile: Path) -> Path:
    """The folder of unfinished readings, named for the code, claims and params that made them."""
    files = [*root.glob("repro/**/*.py"), *root.glob("claims/*.py"), root / "dvc.yaml", profile]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return root / ".scratch" / f"multiverse-{digest.hexdigest()[:16]}"


def clear(root: Path) -> None:
    """Remove what readings left, once their result is written."""
    for folder in (root / ".scratch").glob("multiverse-*"):
        shutil.rmtree(folder, ignore_errors=True)
