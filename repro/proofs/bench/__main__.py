"""`python -m repro.proofs.bench --out reports/bench [--only NAME ...]`: measure and write JSON."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from repro.errors import ReproError
from repro.maker.engine.device import resolve_device
from repro.maker.params.model import load_params
from repro.proofs.bench.commands import judge, profile, suite
from repro.proofs.bench.dictionaries import compare
from repro.proofs.bench.engine import engine
from repro.proofs.bench.harvest import harvest
from repro.proofs.bench.ioi import localisation
from repro.proofs.bench.machine import write
from repro.proofs.bench.recipe import search

FOLDERS = {"laptop": Path(), "smoke": Path("profiles/smoke"), "paper": Path("profiles/paper")}
"""Folder of each profile whose activations can be compared on."""
ROOT = Path()
BY_NAME_ALONE = "dictionaries-paper"
"""Not among what is measured where nothing is named: the paper's profile asks for a GPU."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is named, one after the other; nothing else should run meanwhile."""
    parser = argparse.ArgumentParser(prog="python -m repro.proofs.bench", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of JSON files")
    parser.add_argument("--only", nargs="*", choices=MEASUREMENTS, default=[])
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    given = parser.parse_args(arguments)
    device = resolve_device(given.device)
    suffix = "-cuda" if device.type == "cuda" else ""
    for name in given.only or [name for name in MEASUREMENTS if name != BY_NAME_ALONE]:
        sys.stderr.write(f"measuring {name}\n")
        try:
            write(given.out, name + suffix, device, MEASUREMENTS[name](device))
        except ReproError as error:
            sys.stderr.write(f"error: {error}\n")
            raise SystemExit(2) from None


def _harvest(device: torch.device) -> dict[str, Any]:
    sites = list(load_params(ROOT / "params.yaml").activate.hook_points.values())
    return harvest(ROOT / "artifacts/fetch/model", sites, device)


def _ioi(device: torch.device) -> dict[str, Any]:
    params = load_params(ROOT / "params.yaml")
    site = params.activate.hook_points["middle"]
    return localisation(ROOT / "artifacts/fetch/model", site, params.ioi.elimination, device)


def _recipe(_: torch.device) -> dict[str, Any]:
    params = load_params(ROOT / "params.yaml")
    return search(params, ROOT / "artifacts/activate", ROOT / ".scratch/recipe")


def _dictionaries(which: str) -> dict[str, Any]:
    folder = FOLDERS[which]
    return compare(
        load_params(folder / "params.yaml"),
        folder / "artifacts",
        Path(".venv-peers/bin/python").absolute(),
        folder / ".scratch/dictionaries",
        ROOT / "reports/frontier" / which,
    )


def _judge(_: torch.device) -> dict[str, Any]:
    reports = ROOT / "reports/laptop"
    return judge(reports / "evidence", reports / "verdicts.json")


MEASUREMENTS: dict[str, Callable[[torch.device], dict[str, Any]]] = {
    "engine": engine,
    "harvest": _harvest,
    "ioi": _ioi,
    "recipe": _recipe,
    "dictionaries": lambda _: _dictionaries("laptop"),
    "dictionaries-smoke": lambda _: _dictionaries("smoke"),
    BY_NAME_ALONE: lambda _: _dictionaries("paper"),
    "judge": _judge,
    "tests": lambda _: suite(ROOT.absolute()),
    "smoke": lambda _: profile("smoke", ROOT.absolute()),
    "laptop": lambda _: profile("laptop", ROOT.absolute()),
}
"""What can be measured; those after `harvest` need a finished run of their profile."""


if __name__ == "__main__":
    main()
