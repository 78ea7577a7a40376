"""What is measured and on which rows: a ratio of column sums, and conditions on columns."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator


class Spec(BaseModel):
    """Base of all that a claim is written in: strict, frozen, finite, closed."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class Ratio(Spec):
    """A ratio of two sums over the selected rows.

        ratio = (sum over - sum less) / (sum under - sum under_less)

    Reduction: one ratio of sums, not a mean of ratios; with `scale="log"` its natural logarithm.
    """

    name: str
    """What a reader calls it: FVU, L0, alive share."""
    unit: str
    """Unit of the ratio before the logarithm; "1" where it has none."""
    over: str
    """Column summed in the numerator."""
    less: str | None = None
    """Column subtracted in the numerator."""
    under: str
    """Column summed in the denominator."""
    under_less: str | None = None
    """Column subtracted in the denominator."""
    scale: Literal["linear", "log"] = "linear"
    """Whether checks compare the ratio or its natural logarithm."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        given = (self.over, self.less, self.under, self.under_less)
        return tuple(column for column in given if column is not None)


class Where(Spec):
    """One condition on one column; a tuple of them must hold together.

    Exactly one of `values`, `above` and `pick` is given.
    """

    column: str
    """Column that the condition is about."""
    values: tuple[str | int | float, ...] = ()
    """Keep the rows with one of these values."""
    above: float | None = None
    """Keep the rows with a larger value."""
    pick: Literal["min", "max"] | None = None
    """Keep the rows with the smallest or largest value left by all the other conditions."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        given = (self.values != (), self.above is not None, self.pick is not None)
        if sum(given) != 1:
            raise ValueError("give exactly one of values, above and pick")
        return self


Clusters = tuple[str | tuple[str, str], ...]
"""Families of independent units: a column, or two columns that hold members of one family."""
