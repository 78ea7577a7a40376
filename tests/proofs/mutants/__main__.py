"""`python -m tests.proofs.mutants`: plant every bug of the catalogue; 1 if any goes unnoticed."""

import argparse
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from repro.contract.proofs.mutants import SeededMutant, SeededMutants, write_report
from tests.import_graph import ROOT
from tests.proofs.mutants.catalogue import CATALOGUE, Mutant
from tests.proofs.mutants.runner import NotUsable, Ran, plant_all


def main(arguments: Sequence[str] | None = None, catalogue: Sequence[Mutant] = CATALOGUE) -> int:
    """Print a line a mutant, write the report, and say by the exit code whether all were killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.mutants", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/mutants/seeded.json"))
    parser.add_argument("--only", default="", metavar="WORDS", help="bug classes that hold these")
    parser.add_argument("--jobs", type=int, default=2, help="mutants tried side by side")
    given = parser.parse_args(arguments)
    chosen = [mutant for mutant in catalogue if given.only in mutant.bug_class]
    rows: list[SeededMutant] = []
    try:
        for mutant, ran in plant_all(chosen, given.jobs):
            rows.append(row_of(mutant, ran))
            print(line_of(rows[-1], ran), flush=True)
    except NotUsable as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    report = SeededMutants(
        date=datetime.now(UTC).date().isoformat(),
        python=platform.python_version(),
        torch=version("torch"),
        machine=f"{platform.system()} {platform.machine()}",
        properties=count_properties(),
        mutants=rows,
    )
    print(f"{report.n_killed} of {len(rows)} planted bugs were noticed")
    if not given.only:
        write_report(given.out, report)
    return 0 if rows and report.n_killed == len(rows) else 1


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


if __name__ == "__main__":
    sys.exit(main())
