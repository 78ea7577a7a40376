"""Every command that stands by itself: its help is whole, and a mistake is one message."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

import repro.maker.__main__ as maker
import repro.proofs.bench.__main__ as bench
import repro.proofs.calibration.__main__ as calibration
import repro.proofs.drawing as drawing
import repro.proofs.multiverse.__main__ as multiverse
import repro.report.readme as readme
import tests.proofs.mutants.__main__ as mutants
import tests.proofs.mutants.survivors as survivors
from repro.console import command
from tests.import_graph import ROOT

NOWHERE = "nowhere/at/all"
OPTIONS = {
    bench.app: ("--out", "--only", "--device"),
    calibration.app: ("--evidence", "--claims", "--out", "--draws", "--other", "--power", "--jobs"),
    drawing.app: ("--page",),
    multiverse.app: ("--out", "--profile"),
    readme.app: ("--verdicts", "--readme", "--bench", "--proofs", "--before", "--check"),
    mutants.app: ("--out", "--only", "--jobs"),
    survivors.app: ("--out",),
}
MISTAKES = (
    (calibration.app, "--evidence", NOWHERE, "--claims", str(ROOT / "claims"), "--out", "out"),
    (calibration.app, "--evidence", NOWHERE, "--claims", NOWHERE, "--out", "out"),
    (drawing.app, "--page", NOWHERE),
    (multiverse.app, "--out", "out", "--profile", "huge"),
    (readme.app, "--verdicts", NOWHERE, "--readme", str(ROOT / "README.md")),
    (readme.app, "--verdicts", str(ROOT / "reports/laptop/verdicts.json"), "--readme", NOWHERE),
    (mutants.app, "--only", "no such class of bugs"),
    (survivors.app, "--out", "out"),
)
"""Words of which each names something that is not there."""
OF_THE_MAKER = (
    (("run", "nothing"), "there is no stage 'nothing'"),
    (("run", "train", "--at", "fetch=x"), "python -m repro.maker run train --at"),
    (("run", "train", "--at", "plant"), "names no folder"),
    (("run", "train", "--params", NOWHERE), "is missing"),
    (("pipeline", "--root", NOWHERE), "is no checkout"),
)
"""Mistakes in a command of the maker, and what is told."""
MISUSES = (
    (bench.app, "--only", "engine"),
    (bench.app, "--out", "out", "--only", "nonsense"),
    (bench.app, "--out", "out", "--device", "abacus"),
    (calibration.app, "--out", "out"),
    (drawing.app, "--page"),
    (multiverse.app,),
    (readme.app, "--verdicts", "verdicts.json"),
    (mutants.app, "--jobs", "0"),
    (survivors.app,),
)


def named(app: typer.Typer) -> str:
    """How a command is called in the name of its test."""
    (one,) = app.registered_commands
    assert one.callback is not None
    return one.callback.__module__


def called(app: typer.Typer, *words: str) -> Result:
    """What came of a command; an exception that nobody told is raised here."""
    result = CliRunner().invoke(app, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize(("words", "told"), OF_THE_MAKER, ids=lambda one: " ".join(one)[:40])
def test_a_mistake_in_a_command_of_the_maker_is_one_message(words: tuple[str, ...], told: str):
    result = called(maker.app, *words)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
    assert "to mend" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("app", OPTIONS, ids=named)
def test_help_tells_what_the_command_does_and_every_option(app: typer.Typer):
    result = called(app, "--help")
    assert result.exit_code == 0
    (one,) = app.registered_commands
    assert one.callback is not None
    assert (one.callback.__doc__ or "?").splitlines()[0] in " ".join(result.output.split())
    for option in OPTIONS[app]:
        assert f"  {option} " in result.output


def test_help_lists_what_can_be_measured():
    told = "".join(called(bench.app, "--help").output.split())
    assert f"{','.join(bench.MEASUREMENTS)}." in told


@pytest.mark.parametrize("app", OPTIONS, ids=named)
def test_an_unknown_option_is_answered_with_usage(app: typer.Typer):
    result = called(app, "--nonsense")
    assert result.exit_code == 2
    assert "Usage: " in result.output
    assert "--nonsense" in result.output


@pytest.mark.parametrize("words", MISUSES, ids=lambda words: named(words[0]))
def test_words_that_are_missing_or_wrong_are_told(words):
    result = called(*words)
    assert result.exit_code == 2
    assert "Error: " in result.output


@pytest.mark.parametrize("words", MISTAKES, ids=lambda words: named(words[0]))
def test_what_is_not_there_is_one_message(words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    result = called(*words)
    assert result.exit_code == 2
    assert result.output.startswith("error: ")
    assert all(part in result.output for part in ("expected: ", "to mend: "))
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_named_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = {name: lambda _, name=name: {"name": name} for name in bench.MEASUREMENTS}
    monkeypatch.setattr(bench, "MEASUREMENTS", made)
    for only in (["judge"], ["engine", "ioi"], []):
        out = tmp_path / "-".join(["out", *only])
        words = [word for name in only for word in ("--only", name)]
        assert called(bench.app, "--out", str(out), "--device", "cpu", *words).exit_code == 0
        expected = set(only) or set(made) - {bench.BY_NAME_ALONE}
        assert {path.stem for path in out.iterdir()} == expected


def test_ctrl_c_ends_a_command_with_130_and_one_line():
    def interrupted() -> None:
        raise KeyboardInterrupt

    result = called(command(interrupted))
    assert result.exit_code == 130
    assert result.output.startswith("interrupted: ")


def test_a_defect_of_ours_keeps_its_traceback():
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        called(command(broken))
