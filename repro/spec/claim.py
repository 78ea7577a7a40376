"""A claim: what is said, where, by which rule it is judged, and what would refute it."""

import hashlib
import json
from typing import Literal, Self

from pydantic import Field, model_validator

from repro.spec.control import Control, Text
from repro.spec.decisions import Check, parts_of
from repro.spec.fair import Fair
from repro.spec.quantities import Spec
from repro.spec.sabotage import Saboteur
from repro.spec.scored import Scored


class Paper(Spec):
    """Where it is said."""

    section: str = Text
    """Section of the paper, or title of the article or critique."""
    figure: str | None = None
    """Figure or table."""
    equation: str | None = None
    """Equation."""


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
    fair: tuple[Fair, ...] = ()
    """What the trained dictionaries must be; none for a claim that is not about them."""
    scored: tuple[Scored, ...] = ()
    """Scorers, if it is about scores: the first decides, the others are told beside it."""
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

    @property
    def asks_its_scorer(self) -> bool:
        """Whether the check is on rows of the scorer that decides; so it is where there is none."""
        return all(one.read(self.check) == self.check for one in self.scored[:1])

    @property
    def safeguards(self) -> tuple[Control, ...]:
        """All that must behave: the controls, the scorer, and what makes a dictionary fair."""
        return self.guarded_by(self.scored[:1])

    def guarded_by(self, scored: tuple[Scored, ...]) -> tuple[Control, ...]:
        """The controls, with those of these scorers and of the dictionaries."""
        also = (control for one in (*scored, *self.fair) for control in one.controls)
        return (*self.controls, *also)

    @model_validator(mode="after")
    def _names_its_tables(self) -> Self:
        controls = self.guarded_by(self.scored)
        checks = (self.check, *(control.check for control in controls))
        used = {part.reads for check in checks for part in parts_of(check)}
        used |= {saboteur.reads for saboteur in self.saboteurs}
        if used != set(self.reads):
            raise ValueError(f"reads must name just the tables used: {', '.join(sorted(used))}")
        return self


def spec_sha256(claim: Claim) -> str:
    """SHA-256 of the claim's canonical JSON (sorted keys), so that any amendment shows.

    A field that came later is left out where it is empty: what it does not say is no amendment.
    """
    empty = {name for name in ("fair", "scored") if not getattr(claim, name)}
    content = claim.model_dump(mode="json", exclude=empty)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
