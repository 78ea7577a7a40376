"""What the items of the ioi stage came to, as rows of its six tables of evidence."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from repro.executor import Item
from repro.ioi.items import RESULT
from repro.rows import (
    CurveRow,
    EditRow,
    FeatureRow,
    IoiRow,
    LevelRow,
    LocalisationKey,
    PromptRow,
    Row,
)

KEY = tuple(LocalisationKey.model_fields)
KL = ("kl_area", "kl_clean", "kl_floor")


def prompt_rows(items: Sequence[Item], paths: Sequence[Path]) -> Iterator[PromptRow]:
    """The pairs of each prompt set, as its item left them."""
    for item, path in zip(items, paths, strict=True):
        for found in json.loads((path / RESULT).read_text("utf8")):
            yield PromptRow(draw=item["draw"], family=item["family"], **found)


def tables_of(items: Sequence[Item], results: Sequence[Any]) -> dict[str, list[Row]]:
    """The five tables of localisations: what each item came to, under the item's key."""
    tables: dict[str, list[Row]] = {
        "ioi": [],
        "ioi_curves": [],
        "ioi_levels": [],
        "ioi_edits": [],
        "ioi_features": [],
    }
    for item, found in zip(items, results, strict=True):
        key = {name: item[name] for name in KEY}
        short = {name: found[name] for name in ("n", "n_features", *KL)}
        tables["ioi"].append(IoiRow(**key, **short))
        tables["ioi_curves"] += [CurveRow(**key, **point) for point in found["curve"]]
        tables["ioi_levels"] += [LevelRow(**key, **level) for level in found["levels"]]
        tables["ioi_edits"] += [
            EditRow(**{**key, "method": method}, **_matched(key, method), **edit)
            for method, edit in found["edits"].items()
        ]
        tables["ioi_features"] += [FeatureRow(**key, **one) for one in found.get("listed", ())]
    return tables


def _matched(key: dict[str, Any], method: str) -> dict[str, str]:
    return {"matched": "" if method == key["method"] else key["method"]}
