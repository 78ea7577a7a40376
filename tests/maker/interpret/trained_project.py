"""A small project whose dictionaries are trained, for the stages that look at their units."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.contract.evidence import Table
from repro.maker.decompositions.listed import read_listed, write_listed
from repro.maker.decompositions.trained import read_trained
from tests.stages import called, run
from tests.tiny_models import save_llama, write_stories
from tests.tiny_project import commands, params_of, write_params

STAGES = ("fetch", "tokenize", "activate", "plant", "train")
LISTING = ("ioi", "features", "steer", "erase")
"""Stages that name units which shall have a card."""
Listed = Sequence[tuple[str, list[int]]]
"""Dictionaries by their hashes, each with the units that a localisation is said to patch first."""


def train(
    folder: Path, values: dict[str, Any], listed: Callable[[Path], Listed] = lambda _: ()
) -> None:
    """Fetch, tokenize, activate, plant and train, as the commands do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        save_llama(folder / "model")
        write_stories(folder / "stories", 90)
        write_params(folder, values)
        for name, words in commands():
            if name in STAGES:
                assert called(*words) == 0
        for name in LISTING:
            write_listed(folder / "artifacts" / name, listed(folder) if name == "ioi" else ())


def measured(stage: str, project: Path, out: str, values: dict[str, Any], **changes: Any) -> Path:
    """The folder of a stage's tables, run with params in hand."""
    write_params(project, values, **changes)
    made = project / "artifacts"
    folders = {name: made / name for name in ("fetch", "tokenize", "activate", "train")}
    run(stage, params_of(project), project / out, **folders)
    return project / out


def rows(table: Table, **wanted: Any) -> dict[str, np.ndarray]:
    """The columns of the rows in which others have the values that are wanted."""
    mask = np.all([table.columns[name] == value for name, value in wanted.items()], axis=0)
    return dict(table.rows(mask).columns)


def named(project: Path, stage: str, table: Table, methods: tuple[str, ...]) -> None:
    """Hold what a stage names for cards against its table: the units of trained dictionaries."""
    told = read_listed(project / "first", stage)
    c = table.columns
    members = read_trained(project / "artifacts" / "train").dictionaries
    by_hash: dict[str, set[int]] = {}
    for at in np.flatnonzero(np.isin(c["method"], methods)):
        [sha256] = {
            m.sha256
            for m in members
            if (m.site, m.alpha, m.k, m.seed)
            == tuple(c[name][at].item() for name in ("site", "alpha", "k", "seed"))
            and m.expansion_factor == c["expansion_factor"][at]
            and m.method == (c["method"][at] if stage == "features" else "sae")
        }
        by_hash.setdefault(sha256, set()).add(int(c["feature"][at]))
    assert {sha256: {*units} for sha256, units in told.items()} == by_hash
    assert by_hash
