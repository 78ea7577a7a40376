"""What an item of work is told: a frozen description that decides its result."""

from pydantic import BaseModel, ConfigDict


class Job(BaseModel):
    """Everything that decides the result of an item, and nothing else; files by their hashes."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    def __hash__(self) -> int:
        """By all that it says, so that caches may be kept by it."""
        return hash(self.model_dump_json())
