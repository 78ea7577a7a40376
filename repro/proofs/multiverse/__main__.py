"""`python -m repro.proofs.multiverse --out DIR`: judge the fidelity claims in every reading."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from repro.console import command
from repro.contract.evidence import read_header
from repro.contract.proofs.multiverse import Multiverse, write_multiverse
from repro.errors import ParamsError
from repro.proofs.multiverse.design import covering
from repro.proofs.multiverse.run import clear, fetch, run_reading, scratch_of


def main(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of multiverse.json.")],
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="Profile whose sizes are used.")
    ] = "smoke",
) -> None:
    """Judge the fidelity claims in every reading; interrupted, the same command goes on."""
    _run(profile, out, Path.cwd())


def _run(profile: str, out: Path, root: Path) -> None:
    params = _params_of(profile, root)
    scratch = scratch_of(root, params)
    _say("fetch, once for all readings")
    fetch(scratch, root, params)
    results = [run_reading(one, scratch / one.name, root, params, _say) for one in covering()]
    header = read_header(scratch / "r0" / "report" / "evidence", "fidelity")
    machine = header.scope.device if header.scope else "unknown"
    date = datetime.now(UTC).date().isoformat()
    readings = Multiverse(date=date, machine=machine, profile=profile, readings=results)
    write_multiverse(out / "multiverse.json", readings)
    clear(root)
    _say(json.dumps({one.name: one.answers for one in results}))
    for claim in results[0].claims:
        told = ", ".join(f"{n} {status}" for status, n in readings.counts(claim).most_common())
        _say(f"{claim}: {told}, of {len(results)} readings")


def _params_of(profile: str, root: Path) -> Path:
    params = root / "profiles" / profile / "params.yaml"
    if not params.is_file():
        known = sorted(path.parent.name for path in root.glob("profiles/*/params.yaml"))
        raise ParamsError(
            f"{params} is missing",
            expected=f"one of the profiles {', '.join(known)}" if known else "a checkout",
            mend="--profile smoke, from the root of the checkout",
        )
    return params


def _say(line: str) -> None:
    typer.echo(line, err=True)


app = command(main)

if __name__ == "__main__":
    app(prog_name="python -m repro.proofs.multiverse")
