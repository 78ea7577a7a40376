"""Which features a stage rests on, for the stage that makes cards of them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from repro.files import write_json
from repro.maker.engine.record import Record, read_json_record

LISTED = "listed.json"


class Listed(Record):
    """The features that a stage rests on, by the hash of the trained dictionary that has them."""

    features: dict[str, list[int]]
    """Rows of each dictionary, each once, in the order in which they were named."""


def write_listed(folder: Path, named: Iterable[tuple[str, Sequence[int]]]) -> None:
    """Write what a stage rests on, told as hashes of dictionaries and their rows."""
    found: dict[str, dict[int, None]] = {}
    for sha256, features in named:
        found.setdefault(sha256, {}).update(dict.fromkeys(features))
    told = {sha256: [*some] for sha256, some in found.items() if some}
    write_json(folder / LISTED, Listed(features=told).model_dump(mode="json"))


def read_listed(folder: Path, stage: str) -> Mapping[str, list[int]]:
    """Rows of dictionaries, by hash, on which a stage rests.

    Raises:
        ArtifactError: it is missing or malformed.
    """
    what = f"list of the features that {stage} rests on"
    return read_json_record(folder / LISTED, Listed, what=what, mend=f"dvc repro {stage}").features
