"""Stage `report`: verdicts and evidence in, pages and figures out."""

import argparse
import sys
from pathlib import Path

from repro.errors import ReproError
from repro.report import write_report


def main(arguments: list[str] | None = None) -> None:
    """Write claims.html, claims.md and the figures."""
    parser = argparse.ArgumentParser(prog="python -m repro.report.stage", description=__doc__)
    parser.add_argument("--verdicts", type=Path, required=True, metavar="FILE")
    parser.add_argument("--evidence", type=Path, metavar="DIR")
    parser.add_argument("--claims", type=Path, metavar="DIR")
    parser.add_argument("--proofs", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    given = parser.parse_args(arguments)
    try:
        write_report(given.verdicts, given.out, given.evidence, given.claims, given.proofs)
    except ReproError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
