"""Stage `verify`: judge the claims on the evidence and write the verdicts."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from repro.contract.verdict import write_verdicts
from repro.errors import ReproError
from repro.judge.verify import verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge and write; 0 once verdicts are written, whatever they say, and 2 where none are."""
    parser = argparse.ArgumentParser(prog="python -m repro.judge.stage", description=__doc__)
    parser.add_argument("--evidence", type=Path, required=True, help="folder of tables")
    parser.add_argument("--claims", type=Path, required=True, help="folder of claim files")
    parser.add_argument("--lock", type=Path, default=None, help="file of recorded specifications")
    parser.add_argument("--profile", default=None, help="name of the profile")
    parser.add_argument("--out", type=Path, required=True, help="file of verdicts to write")
    given = parser.parse_args(arguments)
    try:
        judged = verify(given.evidence, given.claims, given.profile, given.lock)
        write_verdicts(given.out, judged)
    except ReproError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
