"""The report leads to the pages where they are asked for, and is as ever where they are not."""

import subprocess
import sys
from pathlib import Path

import pytest

from repro.contract.cards import CARDS
from repro.errors import EvidenceError
from repro.report import write_report
from tests.import_graph import ROOT
from tests.report.features.parsed import parsed
from tests.report.verdicts import CLAIMS, write_plausible_verdicts

pytestmark = pytest.mark.slow
HTML_LINE = (
    '<p><a href="features/index.html">Units one by one</a>: 120 of them, with the text they react '
    "to.</p>"
)
MARKDOWN_LINE = "- [Units one by one](features/index.html): 120"


@pytest.mark.parametrize(
    ("name", "line"), [("claims.html", HTML_LINE), ("claims.md", MARKDOWN_LINE)]
)
def test_one_line_is_all_that_the_pages_add_to_the_report(
    site: Path, report: Path, name: str, line: str
) -> None:
    with_pages, without = (
        [line for line in (one / name).read_text(encoding="utf8").splitlines() if line]
        for one in (site, report)
    )
    assert with_pages.count(line) == 1
    with_pages.remove(line)
    assert with_pages == without
    assert not (report / "features").exists()


def test_the_link_leads_there(site: Path) -> None:
    links = [one for one in parsed(site / "claims.html").references if "features" in one]
    assert links == ["features/index.html"]
    assert (site / links[0]).is_file()


def test_a_card_that_cannot_be_read_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / CARDS).write_text("{}\n", encoding="utf8")
    target = write_plausible_verdicts(tmp_path / "verdicts.json", None)
    with pytest.raises(EvidenceError, match=r"cards\.jsonl, line 1"):
        write_report(target, tmp_path / "out", claims=CLAIMS, features=tmp_path)
    assert not (tmp_path / "out" / "claims.html").exists()


def test_the_command_takes_the_folder_of_cards(site: Path, tmp_path: Path) -> None:
    verdicts = write_plausible_verdicts(tmp_path / "verdicts.json", None)
    command = [sys.executable, "-m", "repro.cli", "report", "--verdicts", verdicts]
    command += ["--out", tmp_path / "out", "--features", site.parent / "given"]
    ran = subprocess.run(
        [*map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(list((tmp_path / "out" / "features").glob("*.html"))) == 121
