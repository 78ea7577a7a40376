"""What a card tells of its claim, in words."""

import pytest

from repro.report.cards import card
from repro.report.proofs import NOTHING_PROVED
from tests.report.verdicts import plausible_verdicts


@pytest.mark.parametrize(
    ("n", "told"),
    [
        ({"seed": 3, "document": 25, "rows": 525}, "3 seeds, 25 documents, 525 rows"),
        ({"rows": 60, "document": 20, "seed": 1}, "1 seed, 20 documents, 60 rows"),
        ({"seed": 3, "rows": 26, "rows measured": 1_027}, "3 seeds, 26 of 1,027 rows measured"),
        ({}, ""),
    ],
)
def test_sizes_are_told_units_first_and_rows_of_those_measured(n: dict[str, int], told: str):
    verdict = plausible_verdicts(None).verdicts[0].model_copy(update={"n": n})
    assert card(verdict, None, None, [], NOTHING_PROVED).n == told
