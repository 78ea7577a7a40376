"""What the items of the fidelity stage came to, as rows of its five tables of evidence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from repro.contract.rows.fidelity import (
    AgreementRow,
    DictionaryRow,
    FidelityRow,
    RefitRow,
    SplicedRow,
)
from repro.contract.rows.row import Row
from repro.maker.fidelity.measure import BRACKETS, RESULT, AgreeJob, MeasureJob, SpliceJob


def _result(folder: Path) -> Any:
    return json.loads((folder / RESULT).read_text("utf8"))


def measured_rows(jobs: list[MeasureJob], results: list[Path]) -> dict[str, list[Row]]:
    """Three tables: reconstruction by document, refits, and counts of units."""
    fidelity: list[Row] = []
    refits: list[Row] = []
    units: list[Row] = []
    for job, folder in zip(jobs, results, strict=True):
        key, result = job.asked.key, _result(folder)
        fidelity += [FidelityRow(**key, **row) for row in result["fidelity"]]
        refits += [RefitRow(**key, **row) for row in result.get("refit", [])]
        if "dictionary" in result:
            units.append(DictionaryRow(**key, **result["dictionary"]))
    return {"fidelity": fidelity, "refit": refits, "dictionaries": units}


def agreement_rows(pairs: list[AgreeJob], results: list[Path]) -> list[Row]:
    """One row a pair of dictionaries."""
    names = {"site", "method", "alpha", "expansion_factor", "seed_a", "seed_b"}
    return [
        AgreementRow(**pair.model_dump(include=names), **_result(folder))
        for pair, folder in zip(pairs, results, strict=True)
    ]


def spliced_rows(
    splices: list[SpliceJob], results: list[Path], ids: Tensor, document: Tensor
) -> Iterator[Row]:
    """One row a document: the losses of its sequences `ids` beside those of the brackets."""
    losses = [_by_document(_result(folder)["losses"], document) for folder in results]
    brackets = {
        (swap.asked.of.site, swap.asked.method): found
        for swap, found in zip(splices, losses, strict=True)
        if swap.asked.method in BRACKETS
    }
    for swap, replaced in zip(splices, losses, strict=True):
        if swap.asked.method == "clean":
            continue
        for number, total in replaced.items():
            clean, zero, mean = (
                brackets[swap.asked.of.site, one][number] for one in ("clean", "zero", "mean")
            )
            yield SplicedRow(
                **swap.asked.key,
                document=number,
                n_predictions=int((document == number).sum()) * (ids.shape[1] - 1),
                loss_clean=clean,
                loss_spliced=total,
                loss_zero=zero,
                loss_mean=mean,
            )


def _by_document(losses: list[float], document: Tensor) -> dict[int, float]:
    found: dict[int, float] = {}
    for number, loss in zip(document.tolist(), losses, strict=True):
        found[number] = found.get(number, 0.0) + loss
    return found
