"""What every table of evidence is made of."""

from ctypes import c_float
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict

Single = Annotated[float, AfterValidator(lambda value: c_float(value).value)]
"""A number of which seven digits are told: a score has no more, and they would double the file."""


class Row(BaseModel):
    """One measurement unit; the fields are the columns of the table."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    table: ClassVar[str] = ""
    """Name of the table; none for what several tables share. Its stage is named by the module."""
    command: ClassVar[str] = ""
    """What to type to make the table, where no stage of the pipeline does."""
    outcomes: ClassVar[frozenset[str]] = frozenset()
    """Columns that say how a measurement came out: rows without the value asked for are no gap."""

    @classmethod
    def stage(cls) -> str:
        """The stage that writes the table: the name of the model's module."""
        return cls.__module__.rpartition(".")[2]


class DictionaryKey(Row):
    """What names a dictionary: where it reads, how it was made, and its settings."""

    site: str
    """Role of the site: early, middle, late, or planted (planted_width, planted_knee)."""
    method: str
    """How it was made: sae, sae_random_decoder, pca_static, pca_topk, neurons_topk, ..."""
    alpha: float
    """L1 coefficient in the mean-squared-error convention; 0 where there is no penalty."""
    k: int
    """Number of components kept by a static or top-k method; 0 where the code decides by itself."""
    expansion_factor: float
    """Dictionary size over the dimension of the activations (R)."""
    seed: int
    """Seed of initialisation and data order; 0 for methods without randomness."""
