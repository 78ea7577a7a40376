"""Put the verdict table into a README, or tell that the one there is out of date."""

import argparse
import re
import sys
from pathlib import Path

from repro.errors import ReproError, VerdictError
from repro.files import write_bytes
from repro.report.markdown import readme_table
from repro.verdict import read_verdicts

BEGIN, END = "<!-- verdicts -->", "<!-- /verdicts -->"
_BLOCK = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def embedded(readme: str, table: str) -> str:
    """The README's text with `table` between the two markers.

    Raises:
        VerdictError: the markers are not there exactly once, in order.
    """
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or not _BLOCK.search(readme):
        raise VerdictError(
            "the README has no place for the verdict table",
            expected=f"one line {BEGIN} and, below it, one line {END}",
            mend="write the two lines where the table belongs",
        )
    return _BLOCK.sub(lambda _: f"{BEGIN}\n{table}\n{END}", readme)


def main(arguments: list[str] | None = None) -> None:
    """Write the table, or with --check exit 1 when the table there is another one."""
    parser = argparse.ArgumentParser(prog="python -m repro.report.readme", description=__doc__)
    parser.add_argument("--verdicts", type=Path, required=True, metavar="FILE")
    parser.add_argument("--readme", type=Path, required=True, metavar="FILE")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args(arguments)
    try:
        _update(given.verdicts, given.readme, check=given.check)
    except ReproError as error:
        sys.exit(f"error: {error}")


def _update(verdicts: Path, readme: Path, *, check: bool) -> None:
    try:
        before = readme.read_text(encoding="utf8")
    except OSError:
        raise VerdictError(
            f"{readme} cannot be read", expected="a README in UTF-8", mend="--readme README.md"
        ) from None
    after = embedded(before, readme_table(read_verdicts(verdicts)))
    if after == before:
        return
    if check:
        raise VerdictError(
            f"the verdict table in {readme} is out of date",
            expected=f"the verdicts of {verdicts}",
            mend=f"python -m repro.report.readme --verdicts {verdicts} --readme {readme}",
        )
    write_bytes(readme, after.encode())


if __name__ == "__main__":
    main()
