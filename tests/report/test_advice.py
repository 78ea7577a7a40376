"""Every claim of the paper says what its finding means for somebody who uses dictionaries."""

import pytest

from repro.contract.verdict import Status
from repro.report.advice import ADVICE, UNDECIDED, advice
from repro.spec import load_claims
from tests.import_graph import ROOT


def test_every_claim_has_a_sentence_for_either_end():
    assert ADVICE.keys() == {claim.id for claim in load_claims(ROOT / "claims")}
    for told in ADVICE.values():
        for sentence in told:
            assert sentence.endswith(".")
            assert sentence[0].isupper()
        assert told.supported != told.refuted


@pytest.mark.parametrize("status", UNDECIDED)
def test_what_is_not_decided_promises_nothing(status: Status):
    assert advice("c15", status) == UNDECIDED[status]


def test_what_waits_or_is_not_ours_says_nothing():
    assert advice("c15", Status.ABSENT) == ""
    assert advice("c99", Status.SUPPORTED) == ""
    assert advice("c15", Status.REFUTED) == ADVICE["c15"].refuted
