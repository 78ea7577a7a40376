"""`python -m tests.proofs.mutants.survivors`: sum up what `mutmut run` left in mutants/."""

import json
import platform
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from repro.console import command
from repro.contract.proofs.mutants import ModuleScore, MutmutReport, Survivor, write_report
from repro.errors import ArtifactError
from tests.proofs.mutants.explained import EXPLAINED

LEFT = Path("mutants")
MISSED = ("survived", "no tests", "suspicious")
NOT_RUN = ("not checked", "skipped", "check was interrupted by user")


def main(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the report goes.")],
) -> None:
    """Write the report of what `mutmut run` left, and print the totals and what is open."""
    report = report_of(statuses_left())
    write_report(out, report)
    for one in report.survivors:
        if one.kind == "open":
            typer.echo("\n".join([one.name, *one.diff]))
    for one in report.modules:
        told = f"killed {one.killed}, survived {one.survived}, left {one.not_run}"
        typer.echo(f"{one.module} {told}")
    typer.echo(f"{report.score:.1%} noticed of what was tried")


def statuses_left() -> dict[str, dict[str, str]]:
    """What became of each mutant, by module.

    Raises:
        ArtifactError: nothing is there.
    """
    statuses = {module_of(path): dict(read(path)) for path in sorted(LEFT.rglob("*.meta"))}
    statuses = {module: of_name for module, of_name in statuses.items() if of_name}
    if not statuses:
        raise ArtifactError(
            f"no results in {LEFT}/", expected="what `mutmut run` leaves there", mend="make mutmut"
        )
    return statuses


def report_of(statuses: dict[str, dict[str, str]]) -> MutmutReport:
    """Totals of each module, and every mutant that was not noticed."""
    missed = [n for of_name in statuses.values() for n, s in of_name.items() if s in MISSED]
    return MutmutReport(
        date=datetime.now(UTC).date().isoformat(),
        python=platform.python_version(),
        mutmut=version("mutmut"),
        modules=[score(module, Counter(of.values())) for module, of in sorted(statuses.items())],
        survivors=[survivor(name, changed_lines(name)) for name in missed],
    )


def module_of(path: Path) -> str:
    """The dotted name of the module that a file of results speaks of."""
    words = path.relative_to(LEFT).with_suffix("").with_suffix("").parts
    return ".".join(words).removesuffix(".__init__")


def read(path: Path) -> Iterator[tuple[str, str]]:
    """The mutants of one module and what became of each, in mutmut's words."""
    from mutmut.stats import status_by_exit_code

    codes = json.loads(path.read_text(encoding="utf8"))["exit_code_by_key"]
    for name, code in codes.items():
        yield name, status_by_exit_code[code]


def changed_lines(name: str) -> list[str]:
    """The lines that a mutant takes out (-) and puts in (+), without their indentation."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    lines = get_diff_for_mutant(name).splitlines()
    changed = [line for line in lines if line[:1] in ("-", "+") and line[:3] not in ("---", "+++")]
    return [f"{line[0]} {line[1:].strip()}" for line in changed]


def score(module: str, found: Counter[str]) -> ModuleScore:
    """The totals of one module."""
    return ModuleScore(
        module=module,
        killed=found["killed"] + found["segfault"],
        survived=found["survived"] + found["suspicious"],
        timeout=found["timeout"],
        not_covered=found["no tests"],
        not_run=sum(found[status] for status in NOT_RUN),
    )


def survivor(name: str, diff: list[str]) -> Survivor:
    """A mutant that was not noticed, with the first explanation that fits it."""
    text = "\n".join(diff)
    for one in EXPLAINED:
        if one.fits(text):
            return Survivor(name=name, diff=diff, kind=one.kind, why=one.why)
    return Survivor(name=name, diff=diff, kind="open", why="a test is missing")


app = command(main)

if __name__ == "__main__":
    app(prog_name="python -m tests.proofs.mutants.survivors")
