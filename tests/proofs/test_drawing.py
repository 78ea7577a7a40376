"""The picture of the architecture is that of the code."""

from repro.proofs.drawing import page, rooms, stages
from tests.import_graph import ROOT

PAGE = ROOT / "docs" / "architecture.md"


def test_the_page_has_the_picture_of_the_code_as_it_is():
    text = PAGE.read_text(encoding="utf8")
    assert page(text) == text, "python -m repro.proofs.drawing"


def test_arrows_go_from_what_imports_to_what_is_imported():
    lines = {line.strip() for line in rooms().splitlines()}
    assert "judge --> contract" in lines
    assert "maker.stages --> maker.dictionaries" in lines
    assert not any(line.startswith("judge --> maker") for line in lines)
    assert not any(line.startswith("contract --> ") for line in lines)


def test_stages_are_drawn_by_what_they_read():
    lines = {line.strip() for line in stages().splitlines()}
    assert {"fetch --> tokenize", "train --> fidelity", "ioi --> verify"} <= lines
    assert "claims --> verify" in lines
    assert not any("claims -->" in line and "verify" not in line for line in lines)
