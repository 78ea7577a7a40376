"""`python -m repro.proofs.calibration`: do checks err as rarely as stated, and what do they see?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from repro.console import command
from repro.contract.proofs.calibration import ClaimCalibration, name_of
from repro.contract.proofs.tallies import write_calibration
from repro.proofs.calibration.draw import write_figures
from repro.proofs.calibration.run import calibrate
from repro.proofs.calibration.simulate import Draws, Tally


def main(
    evidence: Annotated[Path, typer.Option(help="Tables that give sizes and noise.")],
    claims: Annotated[Path, typer.Option(help="Claims whose checks are calibrated.")],
    out: Annotated[Path, typer.Option(help="Folder of rows, summary and figures.")],
    draws: Annotated[int, typer.Option(min=20, help="Draws at each boundary.")] = 5000,
    other: Annotated[int, typer.Option(min=20, help="The same with other errors.")] = 500,
    power: Annotated[int, typer.Option(min=20, help="Draws at a point of a power curve.")] = 200,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all draws.")] = 0,
) -> None:
    """Calibrate every check on evidence of known truth; exit 1 where one errs too often.

    A check that errs at just the stated level stays below the bound in 4,000 draws; in 2,000 it
    would be blamed once in ten times.
    """
    found = calibrate(evidence, claims, Draws(draws, other, power, seed), jobs, _with_bar)
    write_calibration(out, found)
    write_figures(found, out)
    for one in found.claims:
        typer.echo(_line(one))
    for name in found.unplaced:
        typer.echo(f"{name}: this evidence can be moved to none of its boundaries")
    if found.broken:
        typer.echo(f"too many errors: {', '.join(found.broken)}", err=True)
        raise typer.Exit(1)


def _with_bar(tallies: Iterator[Tally], total: int) -> Iterator[Tally]:
    with typer.progressbar(tallies, length=total, label="drawing evidence") as bar:
        yield from bar


def _line(one: ClaimCalibration) -> str:
    support, refute = one.false_support, one.false_refute
    seen = "none" if one.smallest_effect is None else f"{one.smallest_effect:.3g} {one.unit}"
    return (
        f"{name_of(one)}: false support {support.share:.1%} (at most {support.upper:.1%}), "
        f"false refutation {refute.share:.1%} (at most {refute.upper:.1%}), sees {seen}. "
        f"{one.other_errors}"
    )


app = command(main)

if __name__ == "__main__":
    app(prog_name="python -m repro.proofs.calibration")
