"""`python -m tests.proofs.mutants`: plant every bug of the catalogue; 1 if any goes unnoticed."""

import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from repro.console import command
from repro.contract.proofs.mutants import SeededMutant, SeededMutants, write_report
from tests.import_graph import ROOT
from tests.proofs.mutants.catalogue import CATALOGUE, Mutant
from tests.proofs.mutants.runner import NotUsable, Ran, plant_all


def main(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the report goes.")] = Path(
        "reports/mutants/seeded.json"
    ),
    only: Annotated[
        str, typer.Option(metavar="WORDS", help="Bug classes that hold these; no report then.")
    ] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Mutants tried side by side.")] = 2,
) -> None:
    """Plant every bug of the catalogue; exit 1 if any goes unnoticed."""
    report = planted(chosen(only), jobs)
    typer.echo(f"{report.n_killed} of {len(report.mutants)} planted bugs were noticed")
    if not only:
        write_report(out, report)
    if report.n_killed < len(report.mutants):
        raise typer.Exit(1)


def chosen(words: str) -> list[Mutant]:
    """The bugs whose class holds some words.

    Raises:
        NotUsable: there is none.
    """
    found = [mutant for mutant in CATALOGUE if words in mutant.bug_class]
    if not found:
        raise NotUsable(
            f"no bug class holds {words!r}",
            expected="words of a class in tests/proofs/mutants/catalogue.py",
            mend="--only with such words, or the same command without --only",
        )
    return found


def planted(catalogue: Sequence[Mutant], jobs: int) -> SeededMutants:
    """Plant each bug, print a line for it, and say what became of all.

    Raises:
        NotUsable: the tests cannot tell a bug, since they fail without one.
    """
    rows: list[SeededMutant] = []
    for mutant, ran in plant_all(catalogue, jobs):
        rows.append(row_of(mutant, ran))
        typer.echo(line_of(rows[-1], ran))
    return SeededMutants(
        date=datetime.now(UTC).date().isoformat(),
        python=platform.python_version(),
        torch=version("torch"),
        machine=f"{platform.system()} {platform.machine()}",
        properties=count_properties(),
        mutants=rows,
    )


def count_properties() -> int:
    """How many tests are properties, by pytest's own count of the marker."""
    # With the project's own options, which are quiet already, pytest would count files instead.
    plain = ("-o", "addopts=--import-mode=importlib")
    command = [sys.executable, "-m", "pytest", *plain, "--collect-only", "-m", "property", "-q"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sum("::" in line for line in done.stdout.splitlines())


def row_of(mutant: Mutant, ran: Ran) -> SeededMutant:
    """What the report says of one mutant."""
    return SeededMutant(
        bug_class=mutant.bug_class,
        file=mutant.file,
        summary=mutant.summary,
        met_in=mutant.met_in,
        killed=bool(ran.asserted) and not ran.errors,
        killed_by=list(ran.asserted),
    )


def line_of(row: SeededMutant, ran: Ran) -> str:
    """One line of the table."""
    names = ", ".join(name.split("::")[-1] for name in row.killed_by)
    crashed = ", ".join(ran.errors) or ran.output.strip().splitlines()[-1]
    outcome = names if row.killed else ("SURVIVED" if ran.passed else f"CRASHED {crashed}")
    return f"{row.bug_class:<44} {row.file:<26} {outcome}"


app = command(main)

if __name__ == "__main__":
    app(prog_name="python -m tests.proofs.mutants")
