"""What the items of the ioi stage came to, as its six tables of evidence."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from repro.contract.rows.ioi import LocalisationKey, LocalisedRow, PromptRow
from repro.contract.rows.row import Row
from repro.maker.engine.result import read_result
from repro.maker.ioi.results import Localised, Prompted

SETTING = ("site", "method", "alpha", "expansion_factor", "corruption", "selection")
"""What all seeds, draws and orders of a decomposition have in common."""


def prompt_rows(results: Sequence[Path]) -> Iterator[PromptRow]:
    """The pairs of each prompt set, as its item left them."""
    for folder in results:
        yield from read_result(folder, Prompted).rows


def tables_of(results: Sequence[Localised], carrying_share: float) -> dict[str, list[Row]]:
    """The five tables of localisations, each row told whether its setting carries the task."""
    carries = _carrying(results, carrying_share)
    tables: dict[str, list[Row]] = {}
    for found in results:
        told = {"carries": carries[_setting(found.short)]}
        for name, rows in _by_table(found).items():
            tables.setdefault(name, []).extend(row.model_copy(update=told) for row in rows)
    return tables


def _by_table(found: Localised) -> dict[str, Sequence[LocalisedRow]]:
    return {
        "ioi": [found.short],
        "ioi_curves": found.curve,
        "ioi_levels": found.levels,
        "ioi_edits": found.edits,
        "ioi_features": found.features,
    }


def _setting(row: LocalisationKey) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in SETTING)


def _carrying(results: Sequence[Localised], share: float) -> dict[tuple[object, ...], int]:
    """Whether each setting carries the task: sum of what is left <= share * sum of what there was.

    On the select prompts, so that what is pooled is not chosen by what is judged.
    """
    left: dict[tuple[object, ...], float] = {}
    for found in results:
        setting = _setting(found.short)
        beyond = found.select_floor - share * found.select_clean
        left[setting] = left.get(setting, 0.0) + beyond
    return {setting: int(beyond <= 0) for setting, beyond in left.items()}
