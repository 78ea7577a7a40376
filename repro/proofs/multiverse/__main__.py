"""`python -m repro.proofs.multiverse --out DIR`: judge the fidelity claims in every reading."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from repro.contract.evidence import read_header
from repro.contract.proofs.multiverse import Multiverse, write_multiverse
from repro.errors import ReproError
from repro.proofs.multiverse.design import covering
from repro.proofs.multiverse.run import clear, fetch, run_reading, scratch_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the whole design; interrupted, it goes on with the same command."""
    parser = argparse.ArgumentParser(prog="python -m repro.proofs.multiverse", description=__doc__)
    parser.add_argument("--profile", default="smoke", help="profile whose sizes are used")
    parser.add_argument("--out", type=Path, required=True, help="folder of multiverse.json")
    given = parser.parse_args(arguments)
    try:
        _run(given.profile, given.out, Path.cwd())
    except ReproError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: finished work is kept; the same command goes on\n")
        raise SystemExit(130) from None


def _run(profile: str, out: Path, root: Path) -> None:
    params = root / "profiles" / profile / "params.yaml"
    scratch = scratch_of(root, params)
    _say("fetch, once for all readings")
    fetch(scratch, root, params)
    results = [run_reading(one, scratch / one.name, root, params, _say) for one in covering()]
    header = read_header(scratch / "r0" / "report" / "evidence", "fidelity")
    machine = header.scope.device if header.scope else "unknown"
    date = datetime.now(UTC).date().isoformat()
    readings = Multiverse(date=date, machine=machine, profile=profile, readings=results)
    write_multiverse(out / "multiverse.json", readings)
    clear(root)
    _say(json.dumps({one.name: one.answers for one in results}))
    for claim in results[0].claims:
        told = ", ".join(f"{n} {status}" for status, n in readings.counts(claim).most_common())
        _say(f"{claim}: {told}, of {len(results)} readings")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
