"""Pages of units, alone and beside a report, written once for all tests of them."""

from pathlib import Path

import pytest

from repro.contract.cards import Card, write_cards
from repro.report import write_report
from repro.report.features import write_pages
from tests.report.features.plausible_cards import plausible_cards
from tests.report.verdicts import CLAIMS


@pytest.fixture(scope="session")
def cards() -> list[Card]:
    """Enough for three pages of the list."""
    return plausible_cards(120, n_tokens=16)


@pytest.fixture(scope="session")
def pages(cards: list[Card], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the folder `features` alone."""
    out = tmp_path_factory.mktemp("pages")
    write_pages(cards, out)
    return out


@pytest.fixture(scope="session")
def site(verdicts: Path, cards: list[Card], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with its folder `features`."""
    out = tmp_path_factory.mktemp("site")
    write_cards(out / "given", cards)
    write_report(verdicts, out / "report", claims=CLAIMS, features=out / "given")
    return out / "report"
