"""Errors that a user can mend: what was expected, what was found, what to type."""

from functools import partial
from typing import Any


class ReproError(Exception):
    """A user's mistake or a broken input, told in one message and never as a traceback.

    The message is built from the three parts that a reader needs, in the order in which they are
    read: the fact, what it should have been, and the command or edit that mends it.
    """

    def __init__(self, found: str, *, expected: str, mend: str) -> None:
        super().__init__(f"{found}\n  expected: {expected}\n  to mend:  {mend}")
        self.found = found
        self.expected = expected
        self.mend = mend

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
