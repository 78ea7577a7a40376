"""What sections of `params.yaml` share: strictness, kinds of numbers, how two values clash."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0.0)]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""Name of a site: small letters, digits and underscores."""


class Section(BaseModel):
    """Base of the sections: strict (no string passes for a number), closed, frozen, finite."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    is_at_top: ClassVar[bool] = False
    """Whether its keys stand at the top of the file, not below the section's name."""


def mismatch(key: str, found: str, expected: str) -> PydanticCustomError:
    """Values that are right alone and do not fit together; `key` is the one to edit."""
    told: dict[str, Any] = {"key": key, "found": found, "expected": expected}
    return PydanticCustomError("mismatch", "{found}", told)


def one_of(names: Iterable[str]) -> str:
    """What could have been written."""
    return f"one of {', '.join(sorted(names))}"
