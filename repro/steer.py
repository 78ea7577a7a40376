"""What `repro steer` is told, handed on to a process of its own: the maker is not imported here."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

Feature = Annotated[int, typer.Argument(metavar="FEATURE", help="Row of the dictionary.")]
Prompt = Annotated[str, typer.Option(metavar="TEXT", help="Beginning of the text.")]
Strength = Annotated[
    float, typer.Option(metavar="S", help="Push, in spreads of the activations; below 0 away.")
]
DictionaryFile = Annotated[Path, typer.Option(metavar="FILE", help="Dictionary of a run.")]
Artifacts = Annotated[Path, typer.Option(metavar="DIR", help="Folder of that run.")]
Tokens = Annotated[int, typer.Option(metavar="N", min=1, help="Tokens to write.")]
Seed = Annotated[int, typer.Option(metavar="N", help="Seed of the draws.")]

FIRST = Path("artifacts/train/middle_r2/seed0/a4.safetensors")
"""A dictionary of the laptop profile, sparse and well reconstructing."""


def handed_on(feature: int, **told: str | float | Path) -> int:
    """Call the maker's own command; its exit status."""
    words = [f"--{name}={value}" for name, value in told.items()]
    called = [sys.executable, "-m", "repro.maker", "steer", *words, "--", str(feature)]
    return subprocess.run(called, check=False).returncode
