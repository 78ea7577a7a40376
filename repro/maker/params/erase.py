"""The section `erase`: which concept is erased, where, and by what."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from repro.maker.params.fragments import Fragments
from repro.maker.params.section import Count, Positive, Role, mismatch


class Erase(Fragments):
    """Erasing the gender of first names from activations; the text is that on which KL is told."""

    names: str
    """embedded, or a YAML file with the lists male and female of first names."""
    site: Role
    """Role of the site at which is erased."""
    dictionaries: dict[str, Annotated[list[Positive], Field(min_length=1)]]
    """Groups of train.groups at that site, each with the penalties that are taken; all seeds."""
    shots: Annotated[int, Field(ge=1)]
    """Names of each gender that are shown before the one that is asked; 3 in the authors' code."""
    most_names: Annotated[int, Field(ge=4)]
    """Names of each gender that are asked for at most, over both halves."""
    candidates: Count
    """Features of largest attribution that are ablated one by one on the training names."""
    strengths: Annotated[list[Positive], Field(min_length=2)]
    """Multiples of a whole erasure that are tried, ascending, 1 among them."""

    @model_validator(mode="after")
    def _strengths_ascend(self) -> Self:
        if self.strengths != sorted(set(self.strengths)):
            raise mismatch(
                "strengths", f"{self.strengths} do not ascend", "each larger than the last"
            )
        if 1.0 not in self.strengths:
            raise mismatch("strengths", "1.0 is missing", "1.0, a whole erasure, among them")
        return self
