"""The language model on fragments of text, edited at one hook point."""

from pathlib import Path

from repro.maker.activations.loaded import ModelFiles
from repro.maker.engine.job import Job


class EditedModel(Job):
    """What is run, on which text, and which places an edit may change."""

    files: ModelFiles
    """The language model."""
    text: Path
    """Result of the text; its name is its hash."""
    before: list[int]
    """Tokens put before each sequence, which are not edited."""
    hook: str
    """Hook point at which is edited."""
    sink_norm: float
    """Norm above which a token is left as it is, as an attention sink."""
    skip_positions: int
    """First positions of a sequence that are left as they are, those tokens included."""
    batch: int
    """Sequences a forward pass."""
    threads: int
    """Processor threads; part of the result's identity on a CPU."""

    @property
    def first_edited(self) -> int:
        """The first position that an edit may change."""
        return max(self.skip_positions, len(self.before))
