"""A claim: what is said, where, by which rule it is judged, and what would refute it."""

import hashlib
import json
from typing import Literal, Self

from pydantic import Field, model_validator

from repro.spec.decisions import Check, parts_of
from repro.spec.quantities import Spec
from repro.spec.sabotage import Saboteur

Text = Field(min_length=1)


class Paper(Spec):
    """Where it is said."""

    section: str = Text
    """Section of the paper, or title of the article or critique."""
    figure: str | None = None
    """Figure or table."""
    equation: str | None = None
    """Equation."""


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


class Claim(Spec):
    """A statement of the paper, or of one of its critics, with the rule that judges it."""

    id: str = Field(pattern=r"^[ck]\d{2}$")
    """Stable for ever: c for the paper's claims, k for a critic's."""
    source: Literal["paper", "article", "critic"]
    """Who says it."""
    says: str = Text
    """The claim in one plain sentence."""
    paper: Paper
    """Where it is said."""
    reads: tuple[str, ...] = Field(min_length=1)
    """Tables of evidence: just those that check, controls and saboteurs name."""
    check: Check
    """The decision rule."""
    controls: tuple[Control, ...] = ()
    """Checks of known answer."""
    saboteurs: tuple[Saboteur, ...] = ()
    """Planted changes that must turn the verdict."""
    deviation: str = Text
    """What differs from the paper's own setting."""
    refuted_by: str = Text
    """What would change our mind, written before the run."""
    unit: str = Text
    """Unit of the estimate."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1.0)
    """Confidence of the interval."""

    @model_validator(mode="after")
    def _names_its_tables(self) -> Self:
        checks = (self.check, *(control.check for control in self.controls))
        used = {part.reads for check in checks for part in parts_of(check)}
        used |= {saboteur.reads for saboteur in self.saboteurs}
        if used != set(self.reads):
            raise ValueError(f"reads must name just the tables used: {', '.join(sorted(used))}")
        return self


def spec_sha256(claim: Claim) -> str:
    """SHA-256 of the claim's canonical JSON (sorted keys), so that any amendment shows."""
    text = json.dumps(claim.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
