"""What every table of evidence is made of."""

from collections.abc import Mapping
from ctypes import c_float
from typing import Annotated, ClassVar, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

ROUNDING = 1e-6
"""How far a sum of floating-point numbers may pass a bound that holds exactly, over the bound."""

Single = Annotated[float, AfterValidator(lambda value: c_float(value).value)]
"""A number of which seven digits are told: a score has no more, and they would double the file."""
Count = Annotated[int, Field(ge=0)]
"""How many."""
Flag = Annotated[int, Field(ge=0, le=1)]
"""1 for yes, 0 for no."""
Size = Annotated[float, Field(ge=0)]
"""A number that is never negative: a sum of squares, a length, a divergence."""
SingleSize = Annotated[Single, Field(ge=0)]
"""The same in seven digits."""
Share = Annotated[Single, Field(ge=0, le=1)]
"""A part of a whole, in seven digits."""
Cosine = Annotated[Single, Field(ge=-1 - ROUNDING, le=1 + ROUNDING)]
"""Cosine of an angle, in seven digits."""


class Bound(NamedTuple):
    """Least and largest value of a column; an end that is none is open."""

    low: float | None
    """Least value."""
    high: float | None
    """Largest value."""


class Row(BaseModel):
    """One measurement unit; the fields are the columns of the table."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    table: ClassVar[str] = ""
    """Name of the table; none for what several tables share. Its stage is named by the module."""
    command: ClassVar[str] = ""
    """What to type to make the table, where no stage of the pipeline does."""
    outcomes: ClassVar[Mapping[str, float]] = {}
    """Columns that say how a measurement came out, and the least share of the rows measured on
    which a verdict may rest; rows without the value asked for are no gap."""
    key: ClassVar[tuple[str, ...]] = ()
    """Columns that together name a row: no two rows agree in all of them."""
    units: ClassVar[tuple[str, ...]] = ()
    """Columns of the key that name independent units: seeds, documents, draws."""
    measured: ClassVar[tuple[str, ...]] = ()
    """Columns in which two independent units never agree throughout, unless one is a copy."""
    at_most: ClassVar[Mapping[str, str]] = {}
    """Columns, and for each one that its size never passes in the same row: alive, of all."""

    @classmethod
    def stage(cls) -> str:
        """The stage that writes the table: the name of the model's module."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def bounds(cls) -> dict[str, Bound]:
        """Least and largest value of each column that has such, as the types of the fields say."""
        found = {name: _bound(field.metadata) for name, field in cls.model_fields.items()}
        return {name: bound for name, bound in found.items() if bound != Bound(None, None)}

    @model_validator(mode="after")
    def _keeps_its_relations(self) -> Self:
        for part, whole in self.at_most.items():
            size, most = abs(getattr(self, part)), getattr(self, whole)
            if size > most + _slack(size, most):
                raise ValueError(f"{part} is {size:g}, more than {whole}, which is {most:g}")
        return self


def _slack(size: float, most: float) -> float:
    """How far a size may pass its bound by rounding; counts are exact."""
    return ROUNDING * max(abs(most), 1.0) if isinstance(size, float) else 0.0


def _bound(metadata: list[object]) -> Bound:
    ends = ([getattr(one, end, None) for one in metadata] for end in ("ge", "le"))
    low, high = ([float(one) for one in some if one is not None] for some in ends)
    return Bound(max(low, default=None), min(high, default=None))


DICTIONARY = ("site", "method", "alpha", "k", "expansion_factor", "seed")
"""Columns that name a dictionary."""


class DictionaryKey(Row):
    """What names a dictionary: where it reads, how it was made, and its settings."""

    site: str
    """Role of the site: early, middle, late, or planted (planted_width, planted_knee)."""
    method: str
    """How it was made: sae, sae_random_decoder, pca_static, pca_topk, neurons_topk, ..."""
    alpha: Size
    """L1 coefficient in the mean-squared-error convention; 0 where there is no penalty."""
    k: Count
    """Number of components kept by a static or top-k method; 0 where the code decides by itself."""
    expansion_factor: Size
    """Dictionary size over the dimension of the activations (R)."""
    seed: Count
    """Seed of initialisation and data order; 0 for methods without randomness."""
