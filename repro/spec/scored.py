"""What scores interpretability in a claim: a scorer that was judged before it judges."""

from typing import Any, TypeVar, cast

from pydantic import BaseModel, Field

from repro.spec.control import Control, Text
from repro.spec.decisions import Exceeds
from repro.spec.quantities import Ratio, Spec, Where

AUROC = Ratio(name="AUROC of pure against mixed", unit="1", over="n_ordered", under="n_pairs")
T = TypeVar("T")
PURE = Where(column="n_meanings", values=(1,))
MIXED = Where(column="n_meanings", above=1.0)


class Scored(Spec):
    """A scorer, and what it must come to on planted features of known meaning.

    A claim has one that decides; under each of the others its rule is asked once more, with the
    margins as they are, and what it comes to is told beside the verdict and changes nothing.
    """

    scorer: str = Text
    """Its name in the tables."""
    called: str = Text
    """What a reader calls it."""
    unit: str = Text
    """Unit of its score."""
    chance: float = 0.0
    """Score of an explanation that says nothing."""
    explains: bool = True
    """Whether it scores an explanation; one that does not cannot be given another unit's."""
    auroc: float = Field(default=0.8, gt=0.5, lt=1.0)
    """How often a pure feature must score above a sum of two to five meanings."""
    explained: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Part of the way from chance to 1 that pure features must come."""
    refused: float = Field(default=0.1, gt=0.0, lt=1.0)
    """Part of that way that they must not come with another feature's explanation."""

    @property
    def controls(self) -> tuple[Control, ...]:
        """What must behave, or nothing is decided by this scorer."""
        refuses = (self._refuses_shuffled(),) if self.explains else ()
        return (self._tells_pure_from_mixed(), self._explains_planted(), *refuses)

    def read(self, part: T) -> T:
        """A part of a claim, asked of this scorer's rows."""
        found: Any = part
        if isinstance(part, Where):
            found = self._rows if part.column == "scorer" else part
        elif isinstance(part, tuple):
            found = tuple(self.read(one) for one in cast("tuple[object, ...]", part))
        elif isinstance(part, BaseModel):
            found = part.model_copy(update={name: self.read(inner) for name, inner in part})
        return found

    @property
    def _rows(self) -> Where:
        return Where(column="scorer", values=(self.scorer,))

    def _tells_pure_from_mixed(self) -> Control:
        return Control(
            name="the scorer tells planted features of one meaning from sums of two to five",
            kind="positive",
            check=Exceeds(
                reads="scorers",
                of=AUROC,
                where=(self._rows, MIXED),
                margin=self.auroc,
                clusters=("feature_group",),
            ),
            must="supported",
            why="a score that a mixture of meanings passes as well as one alone is no "
            "interpretability",
        )

    def _explains_planted(self) -> Control:
        return Control(
            name="planted features of one meaning are explained",
            kind="positive",
            check=self._score("score", "n", self.explained),
            must="supported",
            why="a scorer that cannot explain a feature of one known meaning explains nothing",
        )

    def _refuses_shuffled(self) -> Control:
        return Control(
            name="with another feature's explanation planted features score at chance",
            kind="negative",
            check=self._score("score_shuffled", "n_shuffled", self.refused),
            must="refuted",
            why="what an explanation of something else earns is not interpretability",
        )

    def _score(self, over: str, under: str, part: float) -> Exceeds:
        """Whether pure features come so far from chance."""
        return Exceeds(
            reads="scorers",
            of=Ratio(name="score of planted features", unit=self.unit, over=over, under=under),
            where=(self._rows, PURE),
            margin=self.chance + part * (1.0 - self.chance),
            clusters=("feature_group",),
        )
