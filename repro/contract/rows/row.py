"""What every table of evidence is made of."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Row(BaseModel):
    """One measurement unit; the fields are the columns of the table."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    table: ClassVar[str] = ""
    """Name of the table; none for what several tables share. Its stage is named by the module."""
    outcomes: ClassVar[frozenset[str]] = frozenset()
    """Columns that say how a measurement came out: rows without the value asked for are no gap."""

    @classmethod
    def stage(cls) -> str:
        """The stage that writes the table: the name of the model's module."""
        return cls.__module__.rpartition(".")[2]
