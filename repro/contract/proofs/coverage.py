"""The file `coverage.json`: how often the judge's interval holds the truth, whatever errs how."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from repro.contract.verdict import Contract
from repro.errors import VerdictError
from repro.files import write_json

COVERAGE = Path("coverage") / "coverage.json"
"""Where it stands below `reports/`."""
Shape = Literal["normal", "skewed", "jumping"]


class Covered(Contract):
    """The interval of a mean over seeds and documents (or draws), in one world of known truth."""

    layout: str
    """Which units err most."""
    shape: Shape
    """How they err: normally, by a log-normal skew, or one in ten by a jump."""
    seeds: int = Field(ge=2)
    """Seeds."""
    others: int = Field(ge=1)
    """Documents or draws beside them; 1 where there are none."""
    covers: float = Field(ge=0, le=1)
    """Share of draws whose interval holds the truth."""
    below: float = Field(ge=0, le=1)
    """Share whose whole interval lies below the truth."""
    above: float = Field(ge=0, le=1)
    """Share whose whole interval lies above it."""
    half_width: float = Field(ge=0)
    """Median half-width; the effects that err most have a standard deviation of 1."""


class Coverage(Contract):
    """All worlds that were tried."""

    schema_version: Literal[1] = 1
    """Version of this format."""
    date: str
    """Day of the run."""
    draws: int
    """Draws in each world."""
    seed: int
    """Seed of all draws."""
    confidence: float
    """What each interval claims to cover."""
    worlds: list[Covered]
    """The worlds."""

    def of(self, shape: Shape, seeds: int) -> list[Covered]:
        """The worlds of one shape of errors and one number of seeds, in every layout."""
        return [one for one in self.worlds if (one.shape, one.seeds) == (shape, seeds)]


def write_coverage(path: Path, found: Coverage) -> None:
    """Write `coverage.json`, whole or not at all."""
    write_json(path, found.model_dump(mode="json"))


def read_coverage(path: Path) -> Coverage:
    """Read `coverage.json`.

    Raises:
        VerdictError: missing or not of this form.
    """
    try:
        return Coverage.model_validate_json(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        found = f"{path} is missing"
    except (ValidationError, UnicodeDecodeError) as error:
        found = f"{path} is no file of coverage: {str(error).splitlines()[0]}"
    raise VerdictError(found, expected="coverage.json of schema 1", mend="make coverage")
