"""The README's verdict table is printed from the verdicts, and an old one is found out."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from repro.errors import VerdictError
from repro.report import readme_table
from repro.report.readme import app, embedded
from tests.report.verdicts import plausible_verdicts, write_plausible_verdicts

BEGIN, END = "<!-- verdicts -->", "<!-- /verdicts -->"
README = f"# Title\n\n{BEGIN}\nold\n{END}\n\nEnd.\n"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Arguments that name a README and verdicts."""
    readme = tmp_path / "README.md"
    readme.write_text(README, encoding="utf8")
    verdicts = write_plausible_verdicts(tmp_path / "verdicts.json", None)
    return ["--verdicts", str(verdicts), "--readme", str(readme)]


def called(words: list[str]) -> Result:
    """The command with some words."""
    return CliRunner().invoke(app, words)


def test_the_table_has_a_row_for_each_decided_claim_and_names_the_absent() -> None:
    table = readme_table(plausible_verdicts(None))
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + 29
    assert all(line.count(" | ") == 8 for line in rows)
    assert "| c15 |" in table
    assert "✗ refuted: smaller than what counts | 0.123 \\[0.110, 0.136\\] FVU | 0.02 |" in table
    assert "Absent, because their evidence has not been made: c05, k05" in table


def test_only_the_text_between_the_markers_changes() -> None:
    after = embedded(README, r"new \1 table")
    assert after == f"# Title\n\n{BEGIN}\nnew \\1 table\n{END}\n\nEnd.\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}\n{BEGIN}", README + README])
def test_a_readme_without_one_place_for_the_table_is_refused(text: str) -> None:
    with pytest.raises(VerdictError, match="no place for the table of verdicts"):
        embedded(text, "table")


def test_check_finds_an_old_table_and_accepts_the_new_one(files: list[str]) -> None:
    before = Path(files[-1]).read_bytes()
    found = called([*files, "--check"])
    assert found.exit_code == 1
    assert "out of date" in found.stderr
    assert Path(files[-1]).read_bytes() == before
    assert called(files).exit_code == 0
    assert called([*files, "--check"]).exit_code == 0
    assert "| c15 |" in Path(files[-1]).read_text(encoding="utf8")


def test_each_table_goes_to_the_page_that_has_its_place(files: list[str], tmp_path: Path) -> None:
    page, old = tmp_path / "changes.md", tmp_path / "old.json"
    page.write_text("<!-- compared -->\n<!-- /compared -->\n", encoding="utf8")
    write_plausible_verdicts(old, None)
    both = [*files, "--readme", str(page), "--before", str(old)]
    assert called(both).exit_code == 0
    assert "| c15 |" in Path(files[-1]).read_text(encoding="utf8")
    assert len(page.read_text(encoding="utf8").splitlines()) > 2
    refused = called([*files, "--before", str(old)])
    assert refused.exit_code == 2
    assert "no place for the table of compared" in refused.stderr


def test_a_missing_readme_is_a_message(files: list[str]) -> None:
    found = called([*files[:-1], "nowhere/README.md"])
    assert found.exit_code == 2
    assert "cannot be read" in found.stderr
