"""`python -m repro.bench --out reports/bench [--only NAME ...]`: measure and write JSON."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from repro.bench.commands import judge, profile, suite
from repro.bench.engine import engine
from repro.bench.harvest import harvest
from repro.bench.ioi import localisation
from repro.bench.machine import write
from repro.device import resolve_device
from repro.params import load_params

NAMES = ("engine", "harvest", "ioi", "judge", "tests", "smoke", "laptop")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is named, one after the other; nothing else should run meanwhile."""
    parser = argparse.ArgumentParser(prog="python -m repro.bench", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of JSON files")
    parser.add_argument("--only", nargs="*", choices=NAMES, default=list(NAMES))
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    given = parser.parse_args(arguments)
    root, device = Path.cwd(), resolve_device(given.device)
    suffix = "-cuda" if device.type == "cuda" else ""
    for name in given.only:
        sys.stderr.write(f"measuring {name}\n")
        match name:
            case "engine":
                figures = engine(device)
            case "harvest":
                sites = list(load_params(root / "params.yaml").activate.sites.values())
                figures = harvest(root / "artifacts/fetch/model", sites, device)
            case "ioi":
                params = load_params(root / "params.yaml")
                figures = localisation(
                    root / "artifacts/fetch/model",
                    params.activate.sites["middle"],
                    params.ioi.elimination,
                    device,
                )
            case "judge":
                reports = root / "reports/laptop"
                figures = judge(reports / "evidence", reports / "verdicts.json")
            case "tests":
                figures = suite(root)
            case _:
                figures = profile(name, root)
        write(given.out, name + suffix, device, figures)


if __name__ == "__main__":
    main()
