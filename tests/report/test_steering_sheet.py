"""Continuations on the card of steering: the first that were drawn, each as it is."""

from pathlib import Path

from repro.contract.evidence import read_evidence
from repro.report.figures.curves import select
from repro.report.steering import CLAIM, EXAMPLES, sheets


def test_the_first_features_are_shown_in_their_order_a_prompt_each(evidence: Path):
    table = read_evidence(evidence, "steer_texts")
    (sheet,) = sheets({"steer_texts": table})[CLAIM]
    drawn = select(table, chosen="random").columns
    wanted = sorted({*zip(drawn["seed"].tolist(), drawn["feature"].tolist(), strict=True)})
    assert len(sheet.rows) == EXAMPLES
    for row, (seed, feature) in zip(sheet.rows, wanted, strict=False):
        assert row[0].startswith(f"{feature} of seed {seed}: ")
        here = select(table, seed=seed, feature=feature).columns
        told = [*zip(here["beginning"], here["plain"], here["steered"], strict=True)]
        assert row[1:] in {tuple(" ".join(str(one).split()) for one in some) for some in told}


def test_without_texts_there_is_no_sheet():
    assert sheets({}) == {CLAIM: []}
