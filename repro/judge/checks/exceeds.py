"""`Exceeds`: is a ratio, or its difference from other rows, above a margin?"""

from repro.contract.evidence import Table
from repro.judge.checks.cells import cell_of
from repro.judge.checks.outcome import Outcome, above
from repro.judge.checks.replicates import replicate
from repro.spec.decisions import Exceeds
from repro.spec.words import quantity, unlike


def check_exceeds(check: Exceeds, table: Table, confidence: float, n_parts: int) -> Outcome:
    """Judge theta = ratio(where) - ratio(against), or ratio(where) alone, against the margin."""
    cells = [cell_of(table, "the rows judged", check.where)]
    if check.against is not None:
        cells.append(cell_of(table, "the rows compared with", check.against))
    found = replicate(table, cells, check)
    theta, name = found.ratio(check.of), quantity(check.of)
    if check.against is not None:
        rival = unlike(check.where, check.against)
        theta, name = theta[:, :1] - theta[:, 1:], f"the difference of {name}{rival}"
    contrasts = found.contrasts([name], theta, confidence, n_parts)
    return above(check, contrasts, check.margin)
