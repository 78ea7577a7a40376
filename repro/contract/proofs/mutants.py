"""Planted bugs and what became of them: can the tests fail?

Two files under `reports/mutants/`: `seeded.json`, one row for each bug class of the field that was
planted by hand; `mutmut.json`, the totals of all small changes that a machine makes in the judge.
"""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from repro.contract.verdict import Contract
from repro.errors import ArtifactError
from repro.files import write_json


class SeededMutant(Contract):
    """One planted bug and the tests that noticed it."""

    bug_class: str
    """The kind of mistake, in the words of the field."""
    file: str
    """The file of ours in which it was planted."""
    summary: str
    """What the changed code does."""
    met_in: str
    """Where users met it: project and issue, or how else it is known."""
    killed: bool
    """Whether a test failed by an assertion on behaviour; a crash or a failed import is no kill."""
    killed_by: list[str]
    """The tests that failed so; testing stops at the first."""


class SeededMutants(Contract):
    """The file `seeded.json`."""

    date: str
    """Day of the run."""
    python: str
    """Version of Python."""
    torch: str
    """Version of torch."""
    machine: str
    """System and processor."""
    properties: int
    """Properties under hypothesis in the suite, as pytest counts them."""
    mutants: list[SeededMutant]
    """All planted bugs, in the order of the catalogue."""

    @property
    def n_killed(self) -> int:
        """Planted bugs that were noticed."""
        return sum(mutant.killed for mutant in self.mutants)


class ModuleScore(Contract):
    """What became of the mutants of one module."""

    module: str
    """Dotted name."""
    killed: int
    """Mutants that a test noticed."""
    survived: int
    """Mutants that no test noticed."""
    timeout: int
    """Mutants that never ended, which a reader would notice."""
    not_covered: int
    """Mutants in functions that no test calls."""
    not_run: int
    """Mutants that were not tried."""


class Survivor(Contract):
    """A mutant that no test noticed, and why that is so."""

    name: str
    """Name that mutmut gives it."""
    diff: list[str]
    """Lines taken out (-) and put in (+)."""
    kind: Literal["equivalent", "wording", "open"]
    """equivalent: behaves the same; wording: changes a message only; open: no test notices it."""
    why: str
    """Why no test notices it."""


class MutmutReport(Contract):
    """The file `mutmut.json`."""

    date: str
    """Day on which it was summed up."""
    python: str
    """Version of Python."""
    mutmut: str
    """Version of mutmut."""
    modules: list[ModuleScore]
    """The modules of the judge, in the order of their names."""
    survivors: list[Survivor]
    """Every mutant that was tried and not noticed."""

    @property
    def score(self) -> float:
        """Share of the mutants tried that were noticed: (killed + timeout) / tried."""
        noticed = sum(one.killed + one.timeout for one in self.modules)
        missed = sum(one.survived + one.not_covered for one in self.modules)
        return noticed / (noticed + missed) if noticed + missed else 0.0


Report = TypeVar("Report", SeededMutants, MutmutReport)


def write_report(path: Path, report: SeededMutants | MutmutReport) -> None:
    """Write either file, whole or not at all."""
    write_json(path, report.model_dump(mode="json"))


def read_report(path: Path, model: type[Report]) -> Report:
    """Read either file.

    Raises:
        ArtifactError: missing, or not of that form.
    """
    mend = "make mutants" if model is SeededMutants else "make mutmut"
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError:
        raise ArtifactError(f"{path} is missing", expected="planted bugs", mend=mend) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "top level"
        raise ArtifactError(
            f"{path} is no report of planted bugs at {place}: {first['msg']}",
            expected=f"the fields of repro.contract.proofs.mutants.{model.__name__}",
            mend=mend,
        ) from None
