"""A folder of cards and a file of ratings for each test, and a rater's session on them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from repro.rate.cards import Cards, load_cards
from repro.rate.session import Session, begin
from tests.rate import planted_cards


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cards of five methods, two of each."""
    return planted_cards.write(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="session")
def cards(folder: Path) -> Cards:
    return load_cards(folder)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where ratings are kept."""
    return tmp_path / "ratings.jsonl"


@pytest.fixture
def sits_down(cards: Cards, file: Path) -> Callable[..., Session]:
    """A rater begins or goes on."""

    def begun(rater: str = "anna", seed: int = 0, per_method: int = 20) -> Session:
        return begin(cards, file, rater, seed, per_method)

    return begun
