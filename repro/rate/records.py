"""What a file of ratings holds: one record a line, none of which is ever changed or removed."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

SCALE = 4
"""The largest rating; the smallest is 0."""
MOST_LETTERS = 200
"""Characters of a name that a rater gives a feature."""

Rater = Annotated[str, Field(pattern=r"^\w[\w .-]{0,39}$")]
Submission = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
ItemId = Annotated[str, Field(pattern=r"^[0-9a-f]{20}$")]


class Record(BaseModel):
    """Base of all records: strict, frozen, closed."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )


class Begun(Record):
    """A rater sat down."""

    kind: Literal["begun"] = "begun"
    """Kind of record."""
    rater: Rater
    """Who."""
    seed: int
    """Seed of the order."""
    per_method: int = Field(ge=1)
    """Cards of each method that were asked for."""


class Rated(Record):
    """A rater's answer about one item."""

    kind: Literal["rated"] = "rated"
    """Kind of record."""
    rater: Rater
    """Who."""
    submission: Submission
    """Its own name: sent twice, it is kept once."""
    item: ItemId
    """The item, by the name that tells nothing."""
    rating: int = Field(ge=0, le=SCALE)
    """0 no pattern, up to 4 one clear pattern throughout."""
    name: str = Field(max_length=MOST_LETTERS)
    """The pattern in a few words; may be empty."""


class Undone(Record):
    """A rater took an answer back."""

    kind: Literal["undone"] = "undone"
    """Kind of record."""
    rater: Rater
    """Who."""
    submission: Submission
    """Its own name."""
    undoes: Submission
    """The answer that no longer counts."""


class Answers:
    """What counts of one rater's records, in the order in which they were written."""

    def __init__(self, records: Iterable[Record], rater: str) -> None:
        rated, gone = dict[str, Rated](), set[str]()
        for one in records:
            if isinstance(one, Rated) and one.rater == rater:
                rated[one.submission] = one
            elif isinstance(one, Undone) and one.rater == rater:
                gone.add(one.undoes)
        self.all = rated
        """Every answer by its submission, counted or not."""
        self.counted = [one for one in rated.values() if one.submission not in gone]
        """Answers that were not taken back, replaced ones among them."""
        self.by_item = {one.item: one for one in self.counted}
        """The last answer about each item."""

    @property
    def last(self) -> Rated | None:
        """The latest answer that was not taken back."""
        return self.counted[-1] if self.counted else None

    @property
    def n_undone(self) -> int:
        """Answers that were taken back."""
        return len(self.all) - len(self.counted)

    @property
    def n_replaced(self) -> int:
        """Answers to whose item a later one was given."""
        return len(self.counted) - len(self.by_item)


RECORD: TypeAdapter[Begun | Rated | Undone] = TypeAdapter(
    Annotated[Begun | Rated | Undone, Field(discriminator="kind")]
)
"""Reads a line of the file."""
