"""A trained dictionary from its file alone."""

from pathlib import Path

from repro.maker.decompositions.decomposition import Decomposition, Knob
from repro.maker.dictionaries.model import load_dictionary


def saved(file: Path) -> Decomposition:
    """The dictionary, with its own centring and scaling and what makes its codes sparse.

    Raises:
        ArtifactError: missing, truncated or no dictionary.
    """
    dictionary, transform, about = load_dictionary(file)
    return Decomposition(dictionary, transform, knob_of(about.get("alpha", 0.0), about.get("k", 0)))


def knob_of(alpha: float, k: int) -> Knob:
    """What makes codes sparse: k where a number of them is kept, else the penalty, else nothing."""
    if k:
        return Knob("k", k)
    return Knob("alpha", alpha) if alpha else Knob("none", 0.0)
