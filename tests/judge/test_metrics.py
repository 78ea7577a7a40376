"""Metrics are the verdicts, flat, and nothing is invented for what was not measured."""

import json
from pathlib import Path

from repro.judge.metrics import metrics_of, write_metrics
from repro.judge.verify import verify
from tests.import_graph import ROOT
from tests.planted_evidence import TRUE, write_world


def test_every_claim_has_its_status_and_measured_ones_their_interval(tmp_path: Path):
    write_world(tmp_path / "evidence", TRUE, profile="smoke")
    verdicts = verify(tmp_path / "evidence", ROOT / "claims")
    write_metrics(tmp_path / "metrics.json", verdicts)
    told = json.loads((tmp_path / "metrics.json").read_text("utf8"))
    assert told.keys() == {verdict.id for verdict in verdicts.verdicts}
    for verdict in verdicts.verdicts:
        numbers = {"estimate": verdict.estimate, "low": verdict.low, "high": verdict.high}
        assert told[verdict.id].pop("status") == verdict.status.value
        assert told[verdict.id] == {n: v for n, v in numbers.items() if v is not None}
    assert "estimate" in metrics_of(next(v for v in verdicts.verdicts if v.id == "c15"))
    assert "estimate" not in metrics_of(next(v for v in verdicts.verdicts if v.id == "k05"))
