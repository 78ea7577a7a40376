"""The benchmark of the scorer by rules: what it measures, at sizes of a second."""

import pytest

from repro.maker.params.model import load_params
from repro.proofs.bench import rules
from tests.import_graph import ROOT


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "FEATURES", (2, 4, 8))
    monkeypatch.setattr(rules, "FRAGMENTS", (96, 192, 384))


def test_every_size_is_measured_and_memory_does_not_grow_with_features(small: None) -> None:
    found = rules.scoring(load_params(ROOT / "params.yaml").interpret)
    by_features, by_fragments = found["by_features"], found["by_fragments"]
    assert [(one["features"], one["fragments"]) for one in by_features] == [
        (2, 192),
        (4, 192),
        (8, 192),
    ]
    assert [(one["features"], one["fragments"]) for one in by_fragments] == [
        (4, 96),
        (4, 192),
        (4, 384),
    ]
    assert by_features[0]["over_smallest"] == by_fragments[0]["over_smallest"] == 1.0
    assert found["features_per_s"] == pytest.approx(4 / by_features[1]["seconds"])
    assert by_features[2]["peak_mib"] < 1.5 * by_features[0]["peak_mib"]
