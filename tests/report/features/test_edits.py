"""What was done with a unit, as its page tells it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from repro.contract.evidence import Table
from repro.contract.rows.row import Row
from repro.report.features import edits_of, link_of, write_pages
from repro.report.features.edits import Edited, edited
from tests import planted_erase, planted_features, planted_steer
from tests.judge_strategies import table_of
from tests.report.features.parsed import parsed
from tests.report.features.plausible_cards import plausible_card

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    return {
        **planted_features.tables(planted_features.World(precision=0.8, recall=0.5)),
        **planted_steer.tables(planted_steer.World(shift=2.5)),
        **planted_erase.tables(planted_erase.World()),
    }


@pytest.fixture(scope="module")
def tables(rows: dict[str, list[Row]]) -> Mapping[str, Table]:
    return {
        name: table_of(
            name, **{one: [getattr(row, one) for row in some] for one in type(some[0]).model_fields}
        )
        for name, some in rows.items()
    }


def says(tables: Mapping[str, Table], name: Edited) -> list[str]:
    return [str(one.says) for one in edits_of(tables)[name]]


def test_a_unit_that_was_found_and_taken_out_is_told_by_target(tables: Mapping[str, Table]):
    ablated = tables["feature_ablations"].columns
    at = (ablated["method"] == "sae").nonzero()[0][0]
    feature = tables["features"].columns
    own = (feature["method"] == "sae") & (feature["rate"] == "own")
    name = Edited(
        "middle", "sae", float(ablated["alpha"][at]), 0, 2.0, int(ablated["seed"][at]),
        int(ablated["feature"][at]),
    )  # fmt: skip
    told = says(tables, name)
    found = [one for one in told if one.startswith("Found for")]
    assert own.any()
    assert {f"<strong>{one.replace('_', ' ')}</strong>" for one in planted_features.TARGETS} == {
        one.removeprefix("Found for ").partition(":")[0] for one in found
    }
    assert all("80" in one or "79" in one or "81" in one for one in found), found[0]
    [first, *_] = [one for one in told if one.startswith("Taken out")]
    same = ablated["target"] == ablated["target"][at]
    same &= (ablated["method"] == "sae") & (ablated["alpha"] == ablated["alpha"][at])
    same &= ablated["seed"] == ablated["seed"][at]
    assert f"in {int((1 - ablated['n_outdone'][same]).sum())} of {int(same.sum())} blocks" in first


def test_a_unit_that_was_amplified_is_told_with_what_it_wrote(tables: Mapping[str, Table]):
    texts = tables["steer_texts"].columns
    name = Edited(
        "middle", "sae", float(texts["alpha"][0]), 0, 2.0, int(texts["seed"][0]),
        int(texts["feature"][0]),
    )  # fmt: skip
    [edit] = [one for one in edits_of(tables)[name] if one.example]
    rows = tables["steer"].columns
    own = (rows["method"] == "sae") & (rows["calibration"] == "loss")
    own &= (rows["seed"] == name.seed) & (rows["feature"] == name.unit)
    assert f"by {rows['log_odds_shift'][own].mean():.2f} nats" in edit.says
    assert f"{rows['n_with_keyword'][own].sum()} of {own.sum()} continuations" in edit.says
    assert edit.example is not None
    assert edit.example.steered == texts["steered"][0]


def test_a_unit_that_erased_is_told_as_one_of_its_dictionary(tables: Mapping[str, Table]):
    scores = tables["erase_scores"].columns
    at = (scores["method"] == "random_feature").nonzero()[0][0]
    name = Edited(
        "middle", "sae", float(scores["alpha"][at]), 0, float(scores["expansion_factor"][at]),
        int(scores["seed"][at]), int(scores["feature"][at]),
    )  # fmt: skip
    assert any(
        one.startswith("Drawn at random: erased at every token") for one in says(tables, name)
    )


def test_nothing_is_told_of_tables_that_are_not_there():
    assert edits_of({}) == {}


def test_a_page_shows_it_and_text_of_the_model_stays_text(
    tables: Mapping[str, Table], tmp_path: Path
):
    texts = tables["steer_texts"]
    steered = texts.columns["steered"].copy().astype(object)
    steered[:] = HOSTILE
    name = Edited(
        "middle", "sae", float(texts.columns["alpha"][0]), 0, 2.0, int(texts.columns["seed"][0]),
        int(texts.columns["feature"][0]),
    )  # fmt: skip
    card = plausible_card(4, n_tokens=8).model_copy(update=name._asdict())
    other = plausible_card(5, n_tokens=8, unit=name.unit + 999)
    assert edited(card) == name
    edits = edits_of({**tables, "steer_texts": texts.replace(steered=steered.astype(str))})
    write_pages([card, other], tmp_path, edits)
    page = parsed(tmp_path / link_of(card.id))
    assert HOSTILE in page.text("edits")
    assert "Amplified as far as the loss may rise" in page.text("edits")
    assert "What was done with it" not in (tmp_path / link_of(other.id)).read_text("utf8")
