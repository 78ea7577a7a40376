"""The words in which a claim is written: data, never logic, and closed unions throughout."""

from repro.spec.claim import Claim, Paper, spec_sha256
from repro.spec.control import Control
from repro.spec.decisions import (
    All,
    Check,
    Decision,
    Dominates,
    Exceeds,
    Matched,
    Monotone,
    Rival,
    Smooth,
    Unpaired,
    Within,
)
from repro.spec.fair import Fair
from repro.spec.load import load_claims
from repro.spec.quantities import Ratio, Where
from repro.spec.sabotage import (
    Drop,
    Jitter,
    Level,
    Reverse,
    Saboteur,
    Scale,
    Shuffle,
    Swap,
    Tilt,
)
from repro.spec.scored import Scored
from repro.spec.words import describe

__all__ = [
    "All",
    "Check",
    "Claim",
    "Control",
    "Decision",
    "Dominates",
    "Drop",
    "Exceeds",
    "Fair",
    "Jitter",
    "Level",
    "Matched",
    "Monotone",
    "Paper",
    "Ratio",
    "Reverse",
    "Rival",
    "Saboteur",
    "Scale",
    "Scored",
    "Shuffle",
    "Smooth",
    "Swap",
    "Tilt",
    "Unpaired",
    "Where",
    "Within",
    "describe",
    "load_claims",
    "spec_sha256",
]
