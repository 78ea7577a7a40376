"""What the items of the fidelity stage came to, as its five tables of evidence."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from torch import Tensor

from repro.contract.rows.fidelity import SplicedRow
from repro.contract.rows.row import Row
from repro.maker.engine.result import read_result
from repro.maker.fidelity.measure import BRACKETS, SpliceJob
from repro.maker.fidelity.results import Agreed, Measured, Spliced


def measured_rows(results: Sequence[Path]) -> dict[str, list[Row]]:
    """Three tables: reconstruction by document, refits, and counts of units."""
    found = [read_result(folder, Measured) for folder in results]
    return {
        "fidelity": [row for one in found for row in one.fidelity],
        "refit": [row for one in found for row in one.refit],
        "dictionaries": [one.units for one in found if one.units],
    }


def agreement_rows(results: Sequence[Path]) -> list[Row]:
    """One row a pair of dictionaries."""
    return [read_result(folder, Agreed).row for folder in results]


def spliced_rows(
    jobs: Sequence[SpliceJob], results: Sequence[Path], ids: Tensor, document: Tensor
) -> Iterator[Row]:
    """One row a document: the losses of its sequences `ids` beside those of the brackets."""
    losses = [_by_document(read_result(folder, Spliced).losses, document) for folder in results]
    brackets = {
        (job.asked.of.site, job.asked.method): found
        for job, found in zip(jobs, losses, strict=True)
        if job.asked.method in BRACKETS
    }
    for job, spliced in zip(jobs, losses, strict=True):
        if job.asked.method == "clean":
            continue
        for number, total in spliced.items():
            clean, zero, mean = (
                brackets[job.asked.of.site, one][number] for one in ("clean", "zero", "mean")
            )
            yield SplicedRow(
                **job.asked.key,
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
