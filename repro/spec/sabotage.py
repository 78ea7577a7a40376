"""The saboteurs: planted changes to the evidence that must turn a verdict."""

from typing import Annotated, Literal

from pydantic import Field

from repro.spec.quantities import Spec, Where


class Sabotage(Spec):
    """What all planted changes share.

    A saboteur is run only where the honest status is not already in `turns_to`, and is caught
    where the status after the change is. So a claim carries some against each of its outcomes.
    """

    name: str
    """The change in plain words: swap SAE and top-k PCA."""
    reads: str
    """Table that is changed."""
    where: tuple[Where, ...] = ()
    """Rows that are changed; all where empty."""
    turns_to: tuple[Literal["supported", "refuted", "inconclusive", "absent", "broken"], ...] = (
        Field(min_length=1)
    )
    """Statuses that count as caught."""


class Swap(Sabotage):
    """Exchange two labels of a column."""

    kind: Literal["swap"] = "swap"
    """Kind of change."""
    column: str
    """Column of labels: method, expansion_factor, ..."""
    a: str | int | float
    """One label."""
    b: str | int | float
    """The other."""


class Scale(Sabotage):
    """Multiply a column by a factor."""

    kind: Literal["scale"] = "scale"
    """Kind of change."""
    column: str
    """Column of numbers."""
    factor: float
    """The factor."""


class Reverse(Sabotage):
    """Relabel the sorted values of a column in reverse order: the first becomes the last."""

    kind: Literal["reverse"] = "reverse"
    """Kind of change."""
    along: str
    """Column of ordered values: alpha, expansion_factor, ..."""


class Shuffle(Sabotage):
    """Permute a column's values among the rows."""

    kind: Literal["shuffle"] = "shuffle"
    """Kind of change."""
    column: str
    """Column to permute."""
    seed: int
    """Seed of the permutation."""


class Level(Sabotage):
    """A plateau: rescale columns so that their sums at each value of `along` equal the first's.

    Sums are taken apart for each combination of the columns in `within`: with `within=("alpha",)`
    each expansion factor has the curve of the smallest one.
    """

    kind: Literal["level"] = "level"
    """Kind of change."""
    along: str
    """Column of ordered values that the numbers shall not depend on."""
    columns: tuple[str, ...] = Field(min_length=1)
    """Columns of numbers to rescale."""
    within: tuple[str, ...] = ()
    """Columns whose combinations are levelled apart."""


class Jitter(Sabotage):
    """Multiply a column by exp(sd * normal), drawn once for each value of `by`."""

    kind: Literal["jitter"] = "jitter"
    """Kind of change."""
    column: str
    """Column of numbers."""
    by: str
    """Column whose values share one draw: alpha, document, seed."""
    sd: float = Field(gt=0)
    """Standard deviation of the logarithm."""
    seed: int
    """Seed of the draws."""


class Drop(Sabotage):
    """Leave the rows out, as a stage that hides its failures would."""

    kind: Literal["drop"] = "drop"
    """Kind of change."""


class Tilt(Sabotage):
    """Multiply a column by factor ** rank, the rank being that of `along` (0 for its smallest)."""

    kind: Literal["tilt"] = "tilt"
    """Kind of change."""
    column: str
    """Column of numbers."""
    along: str
    """Column of ordered values."""
    factor: float = Field(gt=0)
    """Factor from one value to the next."""


Saboteur = Annotated[
    Swap | Scale | Reverse | Shuffle | Level | Jitter | Drop | Tilt, Field(discriminator="kind")
]
