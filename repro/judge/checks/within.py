"""`Within`: does a ratio lie in a band?"""

from repro.contract.evidence import Table
from repro.judge.checks.cells import cell_of
from repro.judge.checks.outcome import Outcome, inside
from repro.judge.checks.replicates import replicate
from repro.spec.decisions import Within
from repro.spec.words import quantity

_ENDS = 2


def check_within(check: Within, table: Table, confidence: float, n_parts: int) -> Outcome:
    """Judge the interval of the ratio against the band, whose ends belong to it.

    A band narrower than the noise can be missed on either side, so the interval that refutes is
    joint over both ends.
    """
    found = replicate(table, [cell_of(table, "the rows judged", check.where)], check)
    (contrast,) = found.contrasts(
        [quantity(check.of)], found.ratio(check.of), confidence, _ENDS * n_parts
    )
    return inside(check, contrast, check.low, check.high)
