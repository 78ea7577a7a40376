"""Put the generated tables into README and pages of docs, or tell that they are out of date."""

import re
from pathlib import Path
from typing import Annotated

import typer

from repro.console import command
from repro.contract.verdict_file import read_verdicts
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
    readme: Annotated[list[Path], typer.Option(metavar="FILE", help="A page; may be repeated.")],
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
    """Put each generated table into the README, or into the page of docs that has its place."""
    old = {page: _text(page) for page in readme}
    new = dict(old)
    for block, table in _tables(verdicts, bench, proofs, before).items():
        page = next((one for one in readme if f"<!-- {block} -->" in old[one]), readme[0])
        new[page] = embedded(new[page], table, block)
    changed = [page for page in readme if new[page] != old[page]]
    if changed and check:
        typer.echo(_outdated(changed[0], verdicts), err=True)
        raise typer.Exit(1)
    for page in changed:
        write_bytes(page, new[page].encode())


def _tables(
    verdicts: Path, bench: Path | None, proofs: Path | None, before: Path | None
) -> dict[str, str]:
    """The tables asked for, by the block that each goes to."""
    judged = read_verdicts(verdicts)
    found = {"verdicts": readme_table(judged)}
    if bench is not None:
        found["speed"] = speed_table(bench)
    if proofs is not None:
        lines = told_proofs(read_proofs(proofs), [v.saboteurs for v in judged.verdicts])
        found["proofs"] = "\n".join(f"- {line}" for line in lines)
    if before is not None:
        found["compared"] = compared(read_verdicts(before), judged)
    return found


def _text(page: Path) -> str:
    try:
        return page.read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError):
        raise VerdictError(
            f"{page} cannot be read", expected="a README in UTF-8", mend="--readme README.md"
        ) from None


def _outdated(page: Path, verdicts: Path) -> str:
    return (
        f"the tables in {page} are out of date\n"
        f"  expected: those of {verdicts} and of the other files named\n"
        "  to mend:  the same command without --check"
    )


app = command(main)

if __name__ == "__main__":
    app(prog_name="python -m repro.report.readme")
