"""What the items of the ioi stage came to, as rows of its tables."""

from repro.contract.rows.ioi import CurveRow, EditRow, FeatureRow, IoiRow, LevelRow, PromptRow
from repro.maker.engine.record import Record

NOT_YET = 0
"""Whether a setting carries the task is told by all its seeds and draws together, so not by one."""


class Prompted(Record):
    """One draw of prompts before the untouched model."""

    rows: list[PromptRow]
    """A row a pair, both splits."""


class Localised(Record):
    """One localisation; its rows do not yet say whether their setting carries the task."""

    select_clean: float
    """KL on the select prompts with nothing patched, summed over pairs."""
    select_floor: float
    """The same with every feature patched."""
    short: IoiRow
    """The curve in short."""
    curve: list[CurveRow]
    """Its points."""
    levels: list[LevelRow]
    """What it takes to reach each level."""
    edits: list[EditRow]
    """How edits of a fixed number of features move the answer."""
    features: list[FeatureRow]
    """The features patched first, where they were asked for."""
