"""The file `multiverse.json`: what each claim came to under each reading."""

from collections import Counter
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from repro.contract.verdict import Status
from repro.errors import VerdictError
from repro.files import write_json


class Frozen(BaseModel):
    """Base: strict, frozen, closed, finite."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class Found(Frozen):
    """One claim under one reading."""

    status: Status
    """Verdict."""
    estimate: float | None
    """Estimate of the deciding quantity."""
    reason: str
    """Why."""


class ReadingResult(Frozen):
    """One reading and its verdicts."""

    name: str
    """Short name."""
    answers: dict[str, bool | int | float | str]
    """What differs from the profile's own settings, by id of the ambiguity."""
    claims: dict[str, Found]
    """The claims that were decided, by id."""


class Multiverse(Frozen):
    """All readings of one run of the design."""

    schema_version: Literal[1] = 1
    """Version of this format."""
    date: str
    """Day of the run."""
    machine: str
    """Processor and threads, as in the evidence."""
    profile: str
    """Profile whose sizes the readings have."""
    readings: list[ReadingResult]
    """The readings, the profile's own first."""

    def counts(self, claim: str) -> Counter[Status]:
        """How often a claim came to each status; empty where no reading decided it."""
        return Counter(one.claims[claim].status for one in self.readings if claim in one.claims)


def write_multiverse(path: Path, readings: Multiverse) -> None:
    """Write `multiverse.json`, whole or not at all."""
    write_json(path, readings.model_dump(mode="json"))


def read_multiverse(path: Path) -> Multiverse:
    """Read `multiverse.json`.

    Raises:
        VerdictError: missing or not of this form.
    """
    try:
        return Multiverse.model_validate_json(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        found = f"{path} is missing"
    except (ValidationError, UnicodeDecodeError) as error:
        found = f"{path} is no file of readings: {str(error).splitlines()[0]}"
    raise VerdictError(found, expected="multiverse.json of schema 1", mend="make multiverse")
