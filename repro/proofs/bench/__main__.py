"""`python -m repro.proofs.bench --out reports/bench [--only NAME] ...`: measure and write JSON."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from repro.console import command
from repro.maker.engine.device import Device, resolve_device
from repro.maker.params.model import load_params
from repro.proofs.bench.commands import judge, profile, suite
from repro.proofs.bench.dictionaries import compare
from repro.proofs.bench.engine import engine
from repro.proofs.bench.harvest import harvest
from repro.proofs.bench.ioi import localisation
from repro.proofs.bench.machine import write
from repro.proofs.bench.recipe import search
from repro.proofs.bench.rules import scoring

FOLDERS = {"laptop": Path(), "smoke": Path("profiles/smoke"), "paper": Path("profiles/paper")}
"""Folder of each profile whose activations can be compared on."""
ROOT = Path()
BY_NAME_ALONE = "dictionaries-paper"
"""Not among what is measured where nothing is named: the paper's profile asks for a GPU."""


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


def _dictionaries(which: str, site: str = "middle") -> dict[str, Any]:
    folder = FOLDERS[which]
    name = which if site == "middle" else f"{which}-{site}"
    return compare(
        load_params(folder / "params.yaml"),
        folder / "artifacts",
        site,
        Path(".venv-peers/bin/python").absolute(),
        folder / ".scratch/dictionaries" / site,
        ROOT / "reports/frontier" / name,
    )


def _judge(_: torch.device) -> dict[str, Any]:
    reports = ROOT / "reports/laptop"
    return judge(reports / "evidence", reports / "verdicts.json")


MEASUREMENTS: dict[str, Callable[[torch.device], dict[str, Any]]] = {
    "engine": engine,
    "harvest": _harvest,
    "ioi": _ioi,
    "rules": lambda _: scoring(load_params(ROOT / "params.yaml").interpret),
    "recipe": _recipe,
    "dictionaries": lambda _: _dictionaries("laptop"),
    "dictionaries-early": lambda _: _dictionaries("laptop", "early"),
    "dictionaries-late": lambda _: _dictionaries("laptop", "late"),
    "dictionaries-smoke": lambda _: _dictionaries("smoke"),
    BY_NAME_ALONE: lambda _: _dictionaries("paper"),
    "judge": _judge,
    "tests": lambda _: suite(ROOT.absolute()),
    "smoke": lambda _: profile("smoke", ROOT.absolute()),
    "laptop": lambda _: profile("laptop", ROOT.absolute()),
}
"""What can be measured; those after `harvest` need a finished run of their profile."""


def _known(names: list[str] | None) -> list[str]:
    for name in names or []:
        if name not in MEASUREMENTS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(MEASUREMENTS)}")
    return names or [name for name in MEASUREMENTS if name != BY_NAME_ALONE]


def main(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of JSON files.")],
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            callback=_known,
            help=f"What to measure; may be given again. One of {', '.join(MEASUREMENTS)}.",
        ),
    ] = None,
    device: Annotated[Device, typer.Option(help="Where tensors are computed.")] = "auto",
) -> None:
    """Measure what is named, one after the other; nothing else should run meanwhile."""
    found = resolve_device(device)
    suffix = "-cuda" if found.type == "cuda" else ""
    for name in only or ():
        typer.echo(f"measuring {name}", err=True)
        write(out, name + suffix, found, MEASUREMENTS[name](found))


app = command(main)

if __name__ == "__main__":
    app(prog_name="python -m repro.proofs.bench")
