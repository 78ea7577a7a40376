"""Errors that a user can mend: what was expected, what was found, what to type."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any


class ReproError(Exception):
    """A user's mistake or a broken input, told in one message and never as a traceback.

    The message is built from the three parts that a reader needs, in the order in which they are
    read: the fact, what it should have been, and the command or edit that mends it.
    """

    def __init__(self, found: str, *, expected: str | Callable[[], str], mend: str) -> None:
        super().__init__(found)
        self.found = found
        self._expected = expected
        self.mend = mend

    @cached_property
    def expected(self) -> str:
        """What should have been found: worked out when it is told, where that costs something."""
        return self._expected if isinstance(self._expected, str) else self._expected()

    def __str__(self) -> str:
        """The three parts, a line each."""
        return f"{self.found}\n  expected: {self.expected}\n  to mend:  {self.mend}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its three parts, so that it comes back whole from a worker process."""
        return partial(type(self), expected=self.expected, mend=self.mend), (self.found,)


class ParamsError(ReproError):
    """`params.yaml` is missing, unreadable, or not what its model says."""


class SourceError(ReproError):
    """A model or a text could not be had, or is not the one that was pinned."""


class ArtifactError(ReproError):
    """A file passed between stages is missing, truncated, altered or of the wrong shape."""


class EvidenceError(ArtifactError):
    """A table cannot be judged: missing column, NaN, no rows, wrong type, wrong hash."""


class UnreachedError(EvidenceError):
    """Everything was measured, but no row came out as a claim's selection asks."""


class SpecError(ReproError):
    """A claim file does not hold exactly one valid, uniquely named claim."""


class TrainingError(ReproError):
    """Training left the finite numbers; the message names the autoencoder and the step."""


class DegenerateInputError(ReproError):
    """A ratio has no value because its denominator is zero (constant data, no active unit)."""


class StageError(ReproError):
    """A stage cannot run: the disk is full, or another run holds its scratch folder."""


class VerdictError(ReproError):
    """`verdicts.json` or a baseline cannot be read or does not follow the contract."""


class LockError(ReproError):
    """`claims.lock` cannot be read, or a change of a claim was not recorded with its reason."""


class EndpointError(ReproError):
    """A language model could not be asked: no endpoint, no key, or an answer of no use."""
