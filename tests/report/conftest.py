"""One folder of evidence and one written report for all tests of the report."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from repro.report import write_report
from tests.report.chromium import chromium
from tests.report.plausible import write_plausible
from tests.report.verdicts import CLAIMS, write_plausible_verdicts


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five plausible tables of a few documents."""
    return write_plausible(tmp_path_factory.mktemp("plausible") / "evidence", n_documents=4)


@pytest.fixture(scope="session")
def verdicts(evidence: Path) -> Path:
    """Verdicts of every status on them, in the folder above."""
    return write_plausible_verdicts(evidence.parent / "verdicts.json", evidence)


@pytest.fixture(scope="session")
def report(verdicts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the written report."""
    out = tmp_path_factory.mktemp("report")
    write_report(verdicts, out, claims=CLAIMS)
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a file."""
    yield from chromium()
