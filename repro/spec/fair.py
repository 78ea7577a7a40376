"""What trained dictionaries must be before anything is decided on them: fair ones."""

import math

from pydantic import Field

from repro.spec.control import Control
from repro.spec.decisions import Dominates, Exceeds, Rival
from repro.spec.quantities import Ratio, Spec, Where

FVU = Ratio(name="FVU", unit="1", over="squared_error", under="variance", scale="log")
L0 = Ratio(name="L0", unit="units a token", over="active", under="n_tokens")
FREQUENT = Ratio(
    name="share of units that fire on 1 % of tokens",
    unit="1",
    over="n_frequent",
    under="n_features",
)
EFFECTIVE = Ratio(
    name="share of units whose removal matters", unit="1", over="n_effective", under="n_features"
)
REFERENCE = (
    Where(column="site", values=("middle",)),
    Where(column="method", values=("saelens_standard",)),
)


class Fair(Spec):
    """Preconditions of a claim on trained dictionaries; where one fails, nothing is decided.

    A claim is tried in its strongest honest version: a dictionary that nobody would use refutes
    nothing. Two signs of collapse, at the largest penalty, where it comes first; and the error at
    equal sparsity beside that of the field's own trainer on the same activations.
    """

    called: str = "the dictionary"
    """What a reader calls them."""
    where: tuple[Where, ...]
    """The trained dictionaries with a penalty, as rows of `fidelity` and of `dictionaries`."""
    factor: float = Field(default=1.2, gt=1.0)
    """Largest FVU over the reference trainer's at equal L0, mean over the common range of ln L0."""
    frequent: float = Field(default=0.2, ge=0.0, le=1.0)
    """Smallest share of units that fire on at least 1 % of tokens, at the largest penalty."""
    effective: float = Field(default=0.5, ge=0.0, le=1.0)
    """Smallest share of units whose removal matters, at the largest penalty."""

    @property
    def controls(self) -> tuple[Control, ...]:
        """The three preconditions."""
        return (self._near_the_frontier(), *self._not_collapsed())

    def _near_the_frontier(self) -> Control:
        return Control(
            name=f"{self.called} is a fair one: near the reference trainer's frontier",
            kind="precondition",
            check=Dominates(
                reads="fidelity",
                of=FVU,
                x=L0,
                where=self.where,
                knob="alpha",
                against=(Rival(name="SAELens L1", where=REFERENCE, knob="alpha"),),
                margin=-math.log(self.factor),
                clusters=("seed", "document"),
            ),
            must="supported",
            why="a dictionary far worse than what the field's own trainer makes of the same "
            "activations stands for its training, not for the method",
        )

    def _not_collapsed(self) -> tuple[Control, ...]:
        at_largest = (*self.where, Where(column="alpha", pick="max"))
        return tuple(
            Control(
                name=f"{self.called} is a fair one: {told}",
                kind="precondition",
                check=Exceeds(
                    reads="dictionaries",
                    of=share,
                    where=at_largest,
                    margin=margin,
                    clusters=("seed",),
                ),
                must="supported",
                why="units that fire hardly ever or change nothing are a sign of collapse",
            )
            for told, share, margin in (
                ("its units fire", FREQUENT, self.frequent),
                ("its units matter", EFFECTIVE, self.effective),
            )
        )
