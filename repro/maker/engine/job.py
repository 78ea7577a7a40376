"""What an item of work is told: a frozen description that decides its result."""

from repro.maker.engine.record import Record


class Job(Record):
    """Everything that decides the result of an item, and how it goes on; files by their hashes."""

    def __hash__(self) -> int:
        """By all that it says, so that caches may be kept by it."""
        return hash(self.model_dump_json())
