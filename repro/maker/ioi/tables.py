"""What the items of the ioi stage came to, as rows of its six tables of evidence."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from repro.contract.rows.ioi import (
    CurveRow,
    EditRow,
    FeatureRow,
    IoiRow,
    LevelRow,
    LocalisationKey,
    PromptRow,
)
from repro.contract.rows.row import Row
from repro.maker.engine.executor import Item
from repro.maker.ioi.items import RESULT

KEY = tuple(LocalisationKey.model_fields)
KL = ("kl_area", "kl_clean", "kl_floor")


def prompt_rows(items: Sequence[Item], paths: Sequence[Path]) -> Iterator[PromptRow]:
    """The pairs of each prompt set, as its item left them."""
    for item, path in zip(items, paths, strict=True):
        for found in json.loads((path / RESULT).read_text("utf8")):
            yield PromptRow(draw=item["draw"], family=item["family"], **found)


def tables_of(
    items: Sequence[Item], results: Sequence[Any], carrying_share: float
) -> dict[str, list[Row]]:
    """The five tables of localisations: what each item came to, under the item's key."""
    carrying = _carrying(items, results, carrying_share)
    tables: dict[str, list[Row]] = {
        "ioi": [],
        "ioi_curves": [],
        "ioi_levels": [],
        "ioi_edits": [],
        "ioi_features": [],
    }
    for item, found in zip(items, results, strict=True):
        key = {name: item[name] for name in KEY} | {"carries": carrying[_setting(item)]}
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


def _setting(item: Item) -> tuple[Any, ...]:
    """What all seeds, draws and orders of a decomposition have in common."""
    return tuple(item[name] for name in ("site", "method", "alpha", "width", "family", "selection"))


def _carrying(
    items: Sequence[Item], results: Sequence[Any], share: float
) -> dict[tuple[Any, ...], int]:
    """Whether each setting carries the task: sum of what is left <= share * sum of what there was.

    On the select prompts, so that what is pooled is not chosen by what is judged.
    """
    left: dict[tuple[Any, ...], float] = {}
    for item, found in zip(items, results, strict=True):
        setting = _setting(item)
        beyond = found["select_floor"] - share * found["select_clean"]
        left[setting] = left.get(setting, 0.0) + beyond
    return {setting: int(beyond <= 0) for setting, beyond in left.items()}


def _matched(key: dict[str, Any], method: str) -> dict[str, str]:
    return {"matched": "" if method == key["method"] else key["method"]}
