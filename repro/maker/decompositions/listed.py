"""Which features the curves of the stage `ioi` patch first, for stages that look at them again."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from repro.files import write_json
from repro.maker.engine.record import Record, read_json_record

LISTED = "listed.json"


class Listed(Record):
    """The features patched first, by the hash of the trained dictionary that has them."""

    features: dict[str, list[int]]
    """Rows of each dictionary, each once, in the order in which its curves name them."""


def write_listed(folder: Path, curves: Iterable[tuple[str, Sequence[int]]]) -> None:
    """Write what curves patch first, each told as the hash of a dictionary and its rows."""
    found: dict[str, dict[int, None]] = {}
    for sha256, features in curves:
        found.setdefault(sha256, {}).update(dict.fromkeys(features))
    told = {sha256: [*some] for sha256, some in found.items() if some}
    write_json(folder / LISTED, Listed(features=told).model_dump(mode="json"))


def read_listed(folder: Path) -> Mapping[str, list[int]]:
    """Rows of dictionaries, by hash.

    Raises:
        ArtifactError: it is missing or malformed.
    """
    what = "list of the features patched first"
    return read_json_record(folder / LISTED, Listed, what=what, mend="dvc repro ioi").features
