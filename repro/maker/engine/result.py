"""What an item came to: a typed record in one JSON file of its folder."""

from pathlib import Path
from typing import TypeVar

from repro.files import write_json
from repro.maker.engine.record import Record, read_json_record

RESULT = "result.json"
Kind = TypeVar("Kind", bound=Record)


def write_result(folder: Path, result: Record) -> None:
    """Write what an item came to."""
    write_json(folder / RESULT, result.model_dump(mode="json"))


def read_result(folder: Path, kind: type[Kind]) -> Kind:
    """Read what an item came to.

    Raises:
        ArtifactError: it is missing or malformed; results are kept by content, so it was altered.
    """
    mend = f"remove {folder}, then run the stage again"
    return read_json_record(folder / RESULT, kind, what="result of an item", mend=mend)
