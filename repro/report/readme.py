"""Put the generated tables into a README or a page of docs, or tell that they are out of date."""

import re
from pathlib import Path
from typing import Annotated

import typer

from repro.console import command
from repro.contract.verdict import Verdicts, read_verdicts
from repro.errors import VerdictError
from repro.files import write_bytes
from repro.report.compare import compared
from repro.report.markdown import readme_table
from repro.report.proofs import read_proofs, told_proofs
from repro.report.speed import speed_table


def embedded(readme: str, table: str, block: str = "verdicts") -> str:
    """The README's text with `table` between the two markers of `block`.

    Raises:
        VerdictError: the markers are not there exactly once, in order.
    """
    begin, end = f"<!-- {block} -->", f"<!-- /{block} -->"
    between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if readme.count(begin) != 1 or readme.count(end) != 1 or not between.search(readme):
        raise VerdictError(
            f"the README has no place for the table of {block}",
            expected=f"one line {begin} and, below it, one line {end}",
            mend="write the two lines where the table belongs",
        )
    return between.sub(lambda _: f"{begin}\n{table}\n{end}", readme)


def main(
    verdicts: Annotated[Path, typer.Option(metavar="FILE", help="Verdicts of the table.")],
    readme: Annotated[Path, typer.Option(metavar="FILE", help="The page.")],
    bench: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Measurements, for the speed table.")
    ] = None,
    proofs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="What was proved of the checks.")
    ] = None,
    before: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Verdicts of an earlier run.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if the tables are others.")
    ] = False,
) -> None:
    """Put the generated tables into a README or a page of docs."""
    old = _text(readme)
    judged = read_verdicts(verdicts)
    new = _with_verdicts(old, judged, before)
    if bench is not None:
        new = embedded(new, speed_table(bench), block="speed")
    if proofs is not None:
        lines = told_proofs(read_proofs(proofs), [v.saboteurs for v in judged.verdicts])
        new = embedded(new, "\n".join(f"- {line}" for line in lines), block="proofs")
    if new != old and check:
        typer.echo(_outdated(readme, verdicts), err=True)
        raise typer.Exit(1)
    if new != old:
        write_bytes(readme, new.encode())


def _text(page: Path) -> str:
    try:
        return page.read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError):
        raise VerdictError(
            f"{page} cannot be read", expected="a README in UTF-8", mend="--readme README.md"
        ) from None


def _with_verdicts(page: str, judged: Verdicts, before: Path | None) -> str:
    """The page with the table of verdicts, or with what has changed since those of `before`."""
    if before is None:
        return embedded(page, readme_table(judged))
    return embedded(page, compared(read_verdicts(before), judged), block="compared")


def _outdated(page: Path, verdicts: Path) -> str:
    return (
        f"the tables in {page} are out of date\n"
        f"  expected: those of {verdicts} and of the other files named\n"
        "  to mend:  the same command without --check"
    )


app = command(main)

if __name__ == "__main__":
    app(prog_name="python -m repro.report.readme")
