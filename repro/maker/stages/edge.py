"""The edge of every stage: paths from the command line, a user's mistake as one message."""

import argparse
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from repro.errors import ReproError
from repro.maker.params.read import load_params


def stage(run: Callable[..., object]) -> Callable[..., None]:
    """A `main` for `run(params, <path>, <path>, ...)`: each argument is an option of that name.

    Exits 2 with the message of a `ReproError`, and 130 on Ctrl-C; any other exception is a defect
    of ours and keeps its traceback.
    """

    def main(argv: Sequence[str] | None = None) -> None:
        parser = argparse.ArgumentParser(
            prog=f"python -m repro.maker.stages.{Path(inspect.getfile(run)).stem}",
            description=(inspect.getdoc(sys.modules[run.__module__]) or "").splitlines()[0],
        )
        for name in inspect.signature(run).parameters:
            parser.add_argument(f"--{name}", type=Path, required=True)
        paths: dict[str, Any] = vars(parser.parse_args(argv))
        try:
            if "params" in paths:
                paths["params"] = load_params(paths["params"])
            run(**paths)
        except ReproError as error:
            sys.stderr.write(f"error: {error}\n")
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            sys.stderr.write("interrupted: finished work is kept; the same command goes on\n")
            raise SystemExit(130) from None

    return main
