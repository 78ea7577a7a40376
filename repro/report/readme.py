"""Put the generated tables into a README or a page of docs, or tell that they are out of date."""

import argparse
import re
import sys
from pathlib import Path

from repro.contract.verdict import read_verdicts
from repro.errors import ReproError, VerdictError
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


def main(arguments: list[str] | None = None) -> None:
    """Write the tables, or with --check exit 1 when those there are others."""
    parser = argparse.ArgumentParser(prog="python -m repro.report.readme", description=__doc__)
    parser.add_argument("--verdicts", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--bench", type=Path, metavar="DIR", help="measurements, for the speed table"
    )
    parser.add_argument("--proofs", type=Path, metavar="DIR", help="what was proved of the checks")
    parser.add_argument("--before", type=Path, metavar="FILE", help="verdicts of an earlier run")
    parser.add_argument("--readme", type=Path, required=True, metavar="FILE")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args(arguments)
    try:
        _update(given, check=given.check)
    except ReproError as error:
        sys.exit(f"error: {error}")


def _update(given: argparse.Namespace, *, check: bool) -> None:
    readme = given.readme
    try:
        before = readme.read_text(encoding="utf8")
    except OSError:
        raise VerdictError(
            f"{readme} cannot be read", expected="a README in UTF-8", mend="--readme README.md"
        ) from None
    verdicts = read_verdicts(given.verdicts)
    if given.before is not None:
        after = embedded(before, compared(read_verdicts(given.before), verdicts), block="compared")
    else:
        after = embedded(before, readme_table(verdicts))
    if given.bench is not None:
        after = embedded(after, speed_table(given.bench), block="speed")
    if given.proofs is not None:
        lines = told_proofs(read_proofs(given.proofs), [v.saboteurs for v in verdicts.verdicts])
        after = embedded(after, "\n".join(f"- {line}" for line in lines), block="proofs")
    if after == before:
        return
    if check:
        raise VerdictError(
            f"the tables in {readme} are out of date",
            expected=f"those of {given.verdicts} and of the other files named",
            mend="the same command without --check",
        )
    write_bytes(readme, after.encode())


if __name__ == "__main__":
    main()
