"""The benchmark of the scorer by rules: what it measures, at sizes of a second."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from repro.maker.params.model import load_params
from repro.proofs.bench import rules
from tests.import_graph import ROOT


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "FEATURES", (2, 4, 8))
    monkeypatch.setattr(rules, "FRAGMENTS", (128, 192, 384))


def test_every_size_is_measured_and_memory_does_not_grow_with_features(small: None) -> None:
    found = rules.scoring(load_params(ROOT / "params.yaml").interpret)
    by_features, by_fragments = found["by_features"], found["by_fragments"]
    assert [(one["features"], one["fragments"]) for one in by_features] == [
        (2, 192),
        (4, 192),
        (8, 192),
    ]
    assert [(one["features"], one["fragments"]) for one in by_fragments] == [
        (4, 128),
        (4, 192),
        (4, 384),
    ]
    assert by_features[0]["over_smallest"] == by_fragments[0]["over_smallest"] == 1.0
    assert found["features_per_s"] == pytest.approx(4 / by_features[1]["seconds"])
    assert by_features[2]["peak_mib"] < 1.5 * by_features[0]["peak_mib"]


def test_features_that_are_not_scored_count_for_nothing(
    small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = load_params(ROOT / "params.yaml").interpret
    monkeypatch.setattr(rules, "drawn_for", rarely(rules.drawn_for))
    found = rules.scoring(ours)
    assert [one["features"] for one in found["by_features"]] == [1, 2, 4]
    assert found["features_per_s"] == pytest.approx(2 / found["by_features"][1]["seconds"])
    monkeypatch.setattr(rules, "FRAGMENTS", (96, 96, 96))
    with pytest.raises(RuntimeError, match="no feature fires on enough of 96 fragments"):
        rules.scoring(ours)


def rarely(draw: Callable[..., Any]) -> Callable[..., Any]:
    """The same draw, of which every other unit has nothing."""
    turn = itertools.count()
    return lambda *given: draw(*given) if next(turn) % 2 == 0 else None


def test_the_text_is_the_same_every_time_and_a_longer_one_goes_on() -> None:
    first, again, longer = (rules.english(n, 16, 3) for n in (96, 96, 192))
    assert (first.ids == again.ids).all()
    assert (longer.ids[:96] == first.ids).all()
