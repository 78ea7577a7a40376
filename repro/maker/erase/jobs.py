"""What the items of the stage erase are told: prompts and text, then one way of erasing each."""

from pathlib import Path
from typing import Any, Literal

from repro.maker.activations.edited import EditedModel
from repro.maker.decompositions.asked import Asked
from repro.maker.engine.job import Job

Way = Literal["best", "likest", "random", "mean_difference", "leace"]
"""How what is erased is found: the unit whose ablation costs the task most, the one most like the
difference of means (the authors' choice), an active one at random, or without any unit."""
LOST: dict[str, float] = {"quarter": 0.25, "half": 0.5, "three_quarters": 0.75}
"""Shares of the score above chance that shall be lost."""
ONCE = "once"
"""A whole erasure, whatever it does."""


class ReadJob(Job):
    """Prompts of both tasks and text, before the untouched model."""

    edited: EditedModel
    """The model, and where it is edited."""
    names: str
    """embedded, or a YAML file of first names."""
    names_sha256: str
    """Its hash."""
    shots: int
    """Names of each gender that are shown."""
    most_names: int
    """Names of each gender that are asked for at most."""
    seed: int
    """Seed of the halves of the names."""


class EraseJob(Job):
    """One way of erasing."""

    way: Way
    """How what is erased is found."""
    asked: Asked
    """The decomposition whose unit it is; of a way without one, any of the site."""
    method: str
    """How the tables call it."""
    read: Path
    """Result of the reading; its name is its hash."""
    edited: EditedModel
    """The model, and where it is edited."""
    strengths: list[float]
    """Multiples of a whole erasure that are tried, ascending."""
    candidates: int
    """Units that are ablated one by one."""
    seed: int
    """Seed of the random unit."""

    @property
    def key(self) -> dict[str, Any]:
        """What names it in the tables."""
        return self.asked.key | {"method": self.method}
