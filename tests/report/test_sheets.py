"""Small tables of the localisation: right ratios, an interval, and words where nothing is known."""

from pathlib import Path
from typing import Any

import pytest

from repro.contract.evidence import Table, read_evidence
from repro.report.localisation import sheets

NAMES = ("ioi_prompts", "ioi_curves", "ioi_edits")


@pytest.fixture(scope="module")
def tables(evidence: Path) -> dict[str, Table]:
    return {name: read_evidence(evidence, name) for name in NAMES}


def rows_of(tables: dict[str, Table], number: int) -> dict[str, dict[str, str]]:
    """The cells of a sheet by row and column."""
    sheet = sheets(tables)["c06"][number]
    return {row[0]: dict(zip(sheet.head, row, strict=True)) for row in sheet.rows}


def test_accuracy_is_told_with_its_interval_and_never_above_one(tables: dict[str, Table]):
    prompts = tables["ioi_prompts"]
    correct = prompts.columns["correct"].copy()
    correct[::8] = 0
    told = rows_of(tables | {"ioi_prompts": prompts.replace(correct=correct)}, 0)
    (row,) = told.values()
    assert row["pairs"] == str(len(prompts))
    assert row["accuracy"].startswith(f"{correct.mean():.2f}")
    low, high = row["accuracy"].split("[")[1].rstrip("]").split(", ")
    assert float(low) < correct.mean() < float(high) <= 1.0
    assert row["logit difference IO − S"].startswith(
        f"{prompts.columns['logit_difference'].mean():.1f}"
    )


def test_one_sentence_form_gives_no_interval(tables: dict[str, Table]):
    prompts = tables["ioi_prompts"]
    forms = prompts.columns["template"]
    told = rows_of(tables | {"ioi_prompts": prompts.rows(forms == forms[0])}, 0)
    assert next(iter(told.values()))["accuracy"] == "too few forms"


def test_a_decomposition_is_told_at_the_number_patched_and_with_all(tables: dict[str, Table]):
    curves = tables["ioi_curves"].columns
    told = rows_of(tables, 1)
    pca = (curves["method"] == "pca") & (curves["selection"] == "attribution")
    pca &= (curves["site"] == "middle") & (curves["corruption"] == "io")
    count = tables["ioi_edits"].columns["n_patched"].max()

    def ratio(rows: Any, over: str, under: str) -> float:
        return curves[over][rows].sum() / curves[under][rows].sum()

    at, every = pca & (curves["n_patched"] == count), pca & (curves["n_patched"] == 512)
    cells = {name: float(cell) for name, cell in told["PCA"].items() if name != "decomposition"}
    assert cells == {
        "KL(patched, target), nats": pytest.approx(ratio(at, "kl", "n"), rel=5e-3),
        "KL(target, patched), nats": pytest.approx(ratio(at, "kl_reverse", "n"), rel=5e-3),
        "edit over the activations' norm": pytest.approx(ratio(at, "edit_norm", "norm"), rel=5e-3),
        "KL with all features patched": pytest.approx(ratio(every, "kl", "n"), rel=5e-3),
    }
    assert told["nothing patched"]["KL with all features patched"] == "—"


def test_a_decomposition_with_fewer_features_is_left_out(tables: dict[str, Table]):
    curves = tables["ioi_curves"]
    short = (curves.columns["method"] != "pca") | (curves.columns["n_patched"] <= 8)
    assert "PCA" not in rows_of(tables | {"ioi_curves": curves.rows(short)}, 1)


def test_without_the_tables_there_is_nothing_to_tell():
    assert sheets({}) == {"c06": []}


def test_the_sheets_stand_on_the_card_of_the_localisation(report: Path):
    html = (report / "claims.html").read_text(encoding="utf8")
    card = html[html.index('id="c06"') : html.index('id="c07"')]
    assert card.count('<figure class="sheet">') == 2
    markdown = (report / "claims.md").read_text(encoding="utf8")
    assert "| nothing patched |" in markdown.split("## c07")[0]
