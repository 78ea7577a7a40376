"""What stages say of their files: strict frozen models, one way to read them back."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from repro.errors import ArtifactError


class Record(BaseModel):
    """Base of manifests, jobs and results: strict (no string for a number), frozen, finite."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


Kind = TypeVar("Kind", bound=Record)


def read_json_record(path: Path, kind: type[Kind], *, what: str, mend: str) -> Kind:
    """Read a record; `what` it is and the command that makes it are for the message.

    Raises:
        ArtifactError: the file is missing, is no JSON, or is not what the model says.
    """
    try:
        return kind.model_validate(json.loads(path.read_text(encoding="utf8")))
    except OSError:
        found = f"{path} is missing"
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "top level"
        found = f"{path} is no {what}: {place}: {first['msg']}"
    except ValueError as error:
        found = f"{path} is no {what}: not JSON: {error}"
    raise ArtifactError(
        found, expected=f"the fields of {kind.__module__}.{kind.__name__}", mend=mend
    )
