"""A small project whose dictionaries are trained, for the stage `interpret`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from repro.maker.decompositions.listed import write_listed
from tests.stages import called
from tests.tiny_models import save_llama, write_stories
from tests.tiny_project import commands, write_params

STAGES = ("fetch", "tokenize", "activate", "plant", "train")
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
        write_listed(folder / "artifacts" / "ioi", listed(folder))
