"""A check of known answer beside the one that decides."""

from typing import Literal

from pydantic import Field

from repro.spec.decisions import Check
from repro.spec.quantities import Spec

Text = Field(min_length=1)


class Control(Spec):
    """A check of known answer that must come out in a stated way, or the verdict is invalid.

    A precondition is the exception: where it is not met there is nothing to measure, and the
    verdict is inconclusive.
    """

    name: str = Text
    """What it is: random dictionary, planted knee, identity replacement."""
    kind: Literal["negative", "positive", "instrument", "precondition"]
    """negative: the effect must be missing; positive: present; instrument: exactly so;
    precondition: what must hold for there to be anything to measure."""
    check: Check
    """The rule, on rows of known answer."""
    must: Literal["supported", "not_supported", "refuted"]
    """How it must come out. One that measures nothing has not behaved."""
    why: str = Text
    """What it would mean if it did not."""
