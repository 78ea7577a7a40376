"""The proof by mutation holds itself: every bug can be planted, and a harmless change survives."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from repro.contract.proofs.mutants import (
    ModuleScore,
    MutmutReport,
    SeededMutant,
    SeededMutants,
    read_report,
    write_report,
)
from repro.errors import ArtifactError
from tests.import_graph import ROOT
from tests.proofs.mutants.__main__ import planted, row_of
from tests.proofs.mutants.catalogue import CATALOGUE, JUDGE, MAKER, Mutant
from tests.proofs.mutants.runner import NotUsable, Ran, applied
from tests.proofs.mutants.witness import is_assertion

BY_CLASS = {mutant.bug_class: mutant for mutant in CATALOGUE}


@pytest.mark.parametrize("mutant", CATALOGUE, ids=BY_CLASS)
def test_every_bug_can_still_be_planted_once_and_compiles(mutant: Mutant):
    changed = applied(mutant, ROOT)
    assert changed != (ROOT / mutant.file).read_text(encoding="utf8")
    compile(changed, mutant.file, "exec")


@pytest.mark.parametrize("mutant", CATALOGUE, ids=BY_CLASS)
def test_every_killer_is_a_test_that_exists(mutant: Mutant):
    for name in mutant.killers:
        file, _, test = name.partition("::")
        assert f"def {test.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf8")


def test_there_are_many_bugs_each_with_its_own_name_and_most_of_them_in_the_maker():
    assert [name for name, n in Counter(m.bug_class for m in CATALOGUE).items() if n > 1] == []
    assert len(MAKER) >= 15
    assert len(MAKER) + len(JUDGE) >= 20


def test_a_bug_whose_text_is_gone_is_told():
    gone = dataclasses.replace(CATALOGUE[0], old="no such text")
    with pytest.raises(NotUsable, match="holds its text 0 times"):
        applied(gone, ROOT)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AssertionError("1 is not 2"), True),
        (pytest.fail.Exception("DID NOT RAISE"), True),
        (ExceptionGroup("two examples", [AssertionError("a"), AssertionError("b")]), True),
        (ExceptionGroup("two examples", [AssertionError("a"), KeyError("b")]), False),
        (ImportError("no module"), False),
        (TypeError("no such argument"), False),
    ],
)
def test_only_an_assertion_is_an_answer(error: BaseException, expected: bool):
    assert is_assertion(error) == expected


@pytest.mark.parametrize(
    ("asserted", "errors", "killed"),
    [(("t",), (), True), ((), (), False), ((), ("t",), False), (("t",), ("u",), False)],
)
def test_a_crash_is_no_kill(asserted: tuple[str, ...], errors: tuple[str, ...], killed: bool):
    ran = Ran(passed=not asserted and not errors, asserted=asserted, errors=errors, output="")
    assert row_of(CATALOGUE[0], ran).killed == killed


def report() -> SeededMutants:
    row = SeededMutant(
        bug_class="x", file="y", summary="z", met_in="w", killed=True, killed_by=["t"]
    )
    survivor = row.model_copy(update={"killed": False, "killed_by": []})
    return SeededMutants(
        date="2026-01-01",
        python="3",
        torch="2",
        machine="m",
        properties=5,
        mutants=[row, survivor],
    )


def test_a_report_survives_its_file_and_counts_kills(tmp_path: Path):
    write_report(tmp_path / "seeded.json", report())
    assert read_report(tmp_path / "seeded.json", SeededMutants) == report()
    assert report().n_killed == 1


@pytest.mark.parametrize("content", [None, "", "{}", '{"date": 3}', "\xff"])
def test_a_bad_report_is_refused(tmp_path: Path, content: str | None):
    path = tmp_path / "mutmut.json"
    if content is not None:
        path.write_bytes(content.encode("latin1"))
    with pytest.raises(ArtifactError, match=r"mutmut\.json is (missing|no report)(.|\n)*make mut"):
        read_report(path, MutmutReport)


def test_the_score_leaves_out_what_was_not_tried():
    one = ModuleScore(module="m", killed=6, timeout=2, survived=1, not_covered=1, not_run=90)
    found = MutmutReport(date="d", python="3", mutmut="3", modules=[one], survivors=[])
    assert found.score == pytest.approx(0.8)
    assert found.model_copy(update={"modules": []}).score == 0.0


HARMLESS = dataclasses.replace(
    BY_CLASS["multiplicity ignored"],
    bug_class="no bug at all",
    old="return 1 - (1 - confidence) / max(m, 1)",
    new="return 1 - ((1 - confidence) / max(m, 1))",
)
UNIMPORTABLE = dataclasses.replace(
    HARMLESS,
    bug_class="no module any more",
    old="from scipy.special import",
    new="from scipy.nothing import",
)


@pytest.mark.slow
def test_a_bug_is_noticed_and_a_harmless_change_is_not(capsys):
    real = BY_CLASS["multiplicity ignored"]
    report = planted((real, HARMLESS, UNIMPORTABLE), 2)
    found = {row.bug_class: row for row in report.mutants}
    assert found["multiplicity ignored"].killed
    assert found["multiplicity ignored"].killed_by == list(real.killers)
    assert not found["no bug at all"].killed
    assert not found["no module any more"].killed
    told = capsys.readouterr().out
    assert "SURVIVED" in told
    assert "CRASHED" in told


@pytest.mark.slow
def test_nothing_is_concluded_from_tests_that_fail_by_themselves():
    nowhere = dataclasses.replace(HARMLESS, killers=("tests/judge/test_stats.py::test_of_nothing",))
    with pytest.raises(NotUsable, match="fail without any bug"):
        planted((nowhere,), 1)
