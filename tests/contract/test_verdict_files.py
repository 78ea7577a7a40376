"""The form of a file of verdicts: what is committed reads, and comes out again byte for byte."""

import json
from pathlib import Path

import pytest

from repro.contract.header import Scope
from repro.contract.verdict import VerdictScope
from repro.contract.verdict_file import read_verdicts, write_verdicts
from repro.files import write_json
from tests.import_graph import ROOT

REPORTS = ROOT / "reports"
LAPTOP = REPORTS / "laptop" / "verdicts.json"
COMMITTED = [LAPTOP, *sorted(REPORTS.glob("*/baseline.json")), *REPORTS.glob("history/*.json")]


def written_again(source: Path, folder: Path) -> bytes:
    target = folder / "again.json"
    write_verdicts(target, read_verdicts(source))
    return target.read_bytes()


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: str(path.relative_to(REPORTS)))
def test_committed_verdicts_come_out_byte_for_byte(path: Path, tmp_path: Path):
    assert written_again(path, tmp_path) == path.read_bytes()


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"model": "tiny", "sites": {}},
        {"lock": None, "family": {"m": 0, "method": "Bonferroni"}},
        {"model": "tiny", "a word of later years": [1, {"x": None}]},
    ],
)
def test_a_scope_that_says_less_or_more_is_read_and_kept(scope: object, tmp_path: Path):
    content = json.loads(LAPTOP.read_bytes()) | {"scope": scope}
    write_json(tmp_path / "given.json", content)
    assert written_again(tmp_path / "given.json", tmp_path) == (
        (tmp_path / "given.json").read_bytes()
    )


def test_all_that_evidence_says_of_itself_has_a_type_in_the_scope_of_verdicts():
    assert VerdictScope.model_fields.keys() >= Scope.model_fields.keys()
