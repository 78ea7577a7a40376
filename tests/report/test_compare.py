"""Two runs beside each other: what either decided, and whether it was by the same words."""

from repro.contract.verdict import Verdicts
from repro.report.compare import compared
from tests.report.verdicts import plausible_verdicts


def rows(old: Verdicts, new: Verdicts) -> dict[str, list[str]]:
    lines = compared(old, new).splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0].strip(): row[1:] for row in cells}


def changed(verdicts: Verdicts, id_: str, **change: object) -> Verdicts:
    new = [v.model_copy(update=change) if v.id == id_ else v for v in verdicts.verdicts]
    return verdicts.model_copy(update={"verdicts": new})


def test_a_run_beside_itself_says_the_same_twice() -> None:
    found = plausible_verdicts(None)
    for before, now, same in rows(found, found).values():
        assert before == now
        assert same == "yes"


def test_claims_that_neither_run_decided_are_left_out() -> None:
    found = plausible_verdicts(None)
    decided = {v.id for v in found.verdicts if v.status != "absent"}
    assert set(rows(found, found)) == decided


def test_another_specification_is_told() -> None:
    old = plausible_verdicts(None)
    new = changed(old, "c15", spec_sha256="0" * 64, estimate=0.5, low=0.4, high=0.6)
    before, now, same = rows(old, new)["c15"]
    assert same == "no"
    assert "0.123" in before
    assert "0.50" in now


def test_a_claim_that_one_run_does_not_know_has_a_dash() -> None:
    new = plausible_verdicts(None)
    old = new.model_copy(update={"verdicts": [v for v in new.verdicts if v.id != "c15"]})
    assert rows(old, new)["c15"][0] == "—"
    assert rows(old, new)["c15"][2] == "no"
