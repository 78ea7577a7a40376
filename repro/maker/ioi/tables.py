"""What the items of the ioi stage came to, as rows of its six tables of evidence."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from repro.contract.rows.ioi import (
    CurveRow,
    EditRow,
    FeatureRow,
    IoiRow,
    LevelRow,
    PromptRow,
)
from repro.contract.rows.row import Row
from repro.maker.ioi.jobs import PromptsJob
from repro.maker.ioi.prompted import RESULT

Key = Mapping[str, Any]
"""What names a localisation in the tables."""
KL = ("kl_area", "kl_clean", "kl_floor")


def prompt_rows(jobs: Sequence[PromptsJob], paths: Sequence[Path]) -> Iterator[PromptRow]:
    """The pairs of each prompt set, as its item left them."""
    for job, path in zip(jobs, paths, strict=True):
        for found in json.loads((path / RESULT).read_text("utf8")):
            yield PromptRow(draw=job.draw, corruption=job.corruption, **found)


def tables_of(
    keys: Sequence[Key], results: Sequence[Any], carrying_share: float
) -> dict[str, list[Row]]:
    """The five tables of localisations: what each job came to, under its key."""
    carrying = _carrying(keys, results, carrying_share)
    tables: dict[str, list[Row]] = {
        "ioi": [],
        "ioi_curves": [],
        "ioi_levels": [],
        "ioi_edits": [],
        "ioi_features": [],
    }
    for named, found in zip(keys, results, strict=True):
        key = {**named, "carries": carrying[_setting(named)]}
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


def _setting(key: Key) -> tuple[Any, ...]:
    """What all seeds, draws and orders of a decomposition have in common."""
    return tuple(
        key[name]
        for name in ("site", "method", "alpha", "expansion_factor", "corruption", "selection")
    )


def _carrying(
    keys: Sequence[Key], results: Sequence[Any], share: float
) -> dict[tuple[Any, ...], int]:
    """Whether each setting carries the task: sum of what is left <= share * sum of what there was.

    On the select prompts, so that what is pooled is not chosen by what is judged.
    """
    left: dict[tuple[Any, ...], float] = {}
    for named, found in zip(keys, results, strict=True):
        setting = _setting(named)
        beyond = found["select_floor"] - share * found["select_clean"]
        left[setting] = left.get(setting, 0.0) + beyond
    return {setting: int(beyond <= 0) for setting, beyond in left.items()}


def _matched(key: dict[str, Any], method: str) -> dict[str, str]:
    return {"matched": "" if method == key["method"] else key["method"]}
