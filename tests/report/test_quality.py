"""What the report says of the dictionaries is what was measured, and nothing is extrapolated."""

import json
from math import inf
from pathlib import Path

import pytest

from repro.contract.proofs.quality import Comparison, Search, Trial, read_figures
from repro.contract.verdict import VerdictScope
from repro.errors import ArtifactError
from repro.files import write_json
from repro.maker.params.model import load_params
from repro.proofs.bench.quality import at_equal_l0
from repro.proofs.bench.recipe import BASE, FINALS, TRIALS
from repro.report.quality import quality_sheets, site_of
from tests.import_graph import ROOT

SEARCH = ROOT / "reports" / "bench" / "recipe.json"
FOUND = read_figures(SEARCH, Search)


def points(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    return [{"l0": l0, "fvu": fvu} for l0, fvu in pairs]


def test_between_two_points_fvu_is_straight_in_logarithms() -> None:
    found = at_equal_l0(points((10, 0.4), (40, 0.1)), (10.0, 20.0, 40.0))
    assert found == pytest.approx([0.4, 0.2, 0.1])


def test_points_may_come_in_any_order() -> None:
    assert at_equal_l0(points((40, 0.1), (10, 0.4), (20, 0.3)), (20.0,)) == pytest.approx([0.3])


def test_outside_the_points_there_is_no_value() -> None:
    assert at_equal_l0(points((10, 0.4), (40, 0.1)), (9.9, 40.1)) == [None, None]


def test_the_committed_search_is_of_the_listed_trials() -> None:
    assert [(t.arm, t.name, t.changes) for t in FOUND.trials] == TRIALS
    assert [(t.arm, t.name, t.changes) for t in FOUND.finals] == FINALS
    assert FOUND.base == BASE


def unexplained(trial: Trial) -> float:
    """Sum of FVU over the middle of the grid, where every dictionary of the laptop lies."""
    values = [trial.fvu_at_l0[FOUND.l0_grid.index(at)] for at in (24.0, 32.0, 48.0, 64.0)]
    return sum(value for value in values if value is not None) if None not in values else inf


def test_the_recipe_of_the_laptop_is_the_best_of_the_second_round() -> None:
    train = load_params(ROOT / "params.yaml").train
    recipe = {
        **train.optimiser.model_dump(include={"lr", "beta1", "beta2", "eps", "clip"}),
        **train.schedule.model_dump(),
        "batch": train.batch,
        "epochs": 1,
        "start_scale": train.start_scale,
    }
    assert {name: value for name, value in recipe.items() if value != BASE[name]} == FOUND.taken
    assert min(FOUND.finals, key=unexplained).changes == FOUND.taken


def test_the_best_of_the_first_round_are_in_the_second() -> None:
    cheap = [t for t in FOUND.trials if t.arm == "sae" and t.changes.get("epochs", 1) == 1]
    finals = [trial.changes for trial in FOUND.finals]
    for trial in sorted(cheap, key=unexplained)[:5]:
        assert trial.changes in finals


def test_the_report_marks_the_recipe_that_is_taken() -> None:
    first, second = quality_sheets([COMPARED], FOUND, SCOPE)[-2:]
    marked = [row[1] for row in second.rows if row[1].endswith("(taken)")]
    assert marked == ["penalty rising over 0.2, initial rows a tenth as long (taken)"]
    for sheet in (first, second):
        assert all(len(row) == len(sheet.head) for row in sheet.rows)
    assert len(second.rows) == len(FINALS)


COMPARED = read_figures(ROOT / "reports" / "bench" / "dictionaries.json", Comparison)
SCOPE = VerdictScope(
    model=COMPARED.model,
    sites={"middle": COMPARED.hook},
    tokens={"train": COMPARED.activations},
)


def test_a_comparison_is_shown_beside_evidence_of_its_own_activations() -> None:
    assert site_of(COMPARED, SCOPE) == "middle"
    nearly = {"tokens": {"train": COMPARED.activations - 3}}
    assert site_of(COMPARED, SCOPE.model_copy(update=nearly)) == "middle"


def test_it_is_shown_for_the_site_whose_activations_it_speaks_of() -> None:
    of_early = {
        "sites": {"middle": "blocks.3.hook_resid_post", "early": COMPARED.hook},
        "tokens": {"train": 4 * COMPARED.activations, "train, early": COMPARED.activations},
    }
    scope = SCOPE.model_copy(update=of_early)
    assert site_of(COMPARED, scope) == "early"
    (sheet,) = quality_sheets([COMPARED], FOUND, scope)
    assert sheet.caption.startswith(f"FVU at equal L0 on held-out documents: {COMPARED.hook}")


@pytest.mark.parametrize(
    "other",
    [
        {"model": "another"},
        {"sites": {"middle": "blocks.3.hook_resid_post"}},
        {"sites": {"early": COMPARED.hook}, "tokens": {"train": 1, "train, early": 2}},
        {"tokens": {"train": COMPARED.activations // 2}},
        {"tokens": {}},
    ],
)
def test_it_is_not_shown_beside_evidence_of_others(other: dict[str, object]) -> None:
    assert site_of(COMPARED, SCOPE.model_copy(update=other)) is None
    assert quality_sheets([COMPARED], FOUND, SCOPE.model_copy(update=other)) == []


def test_the_table_sets_ours_over_theirs_at_each_l0() -> None:
    sheet = quality_sheets([COMPARED], None, SCOPE)[0]
    over = {row[0]: row[1:] for row in sheet.rows if "over SAELens" in row[0]}
    assert len(over) == 2
    at = COMPARED.l0_grid.index(32.0)
    ratio = (COMPARED.fvu_at_l0["sae"][at] or 0) / (COMPARED.fvu_at_l0["saelens_standard"][at] or 1)
    assert over["ours: the paper's (tied, unit rows, L1), over SAELens's L1"][at] == f"{ratio:.2f}"
    assert all(len(row) == len(sheet.head) for row in sheet.rows)


def test_our_engine_is_as_good_as_theirs_on_their_architecture() -> None:
    """The finding rests on it: what the paper's architecture lacks is not the training."""
    pairs = zip(
        COMPARED.fvu_at_l0["sae_standard"], COMPARED.fvu_at_l0["saelens_standard"], strict=True
    )
    ratios = [ours / theirs for ours, theirs in pairs if ours and theirs]
    assert len(ratios) >= 8
    assert max(ratios) <= 1.05
    assert COMPARED.speed
    assert COMPARED.speed.ours_over_saelens_standard >= 3


def test_without_measurements_there_is_nothing_to_show() -> None:
    assert quality_sheets([], FOUND, SCOPE) == []


@pytest.mark.parametrize("content", [{}, {"figures": {"hook": "x"}}, []])
def test_another_file_is_told_with_what_makes_it(tmp_path: Path, content: object) -> None:
    path = tmp_path / "recipe.json"
    write_json(path, content)
    with pytest.raises(ArtifactError, match="make recipe"):
        read_figures(path, Search)


def test_an_unknown_figure_is_refused(tmp_path: Path) -> None:
    content = json.loads(SEARCH.read_text(encoding="utf8"))
    content["figures"]["speed_of_light"] = 1
    write_json(tmp_path / "recipe.json", content)
    with pytest.raises(ArtifactError, match="speed_of_light"):
        read_figures(tmp_path / "recipe.json", Search)
