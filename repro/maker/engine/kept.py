"""What a process keeps of what it has loaded, by content."""

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Loaded = TypeVar("Loaded")


def kept(most: int = 4) -> Callable[[Callable[P, Loaded]], Callable[P, Loaded]]:
    """Load once a process what is asked for; what is asked for must name content, not a place.

    Args:
        most: how many are kept: a few where they alternate in one stage, 1 of what is large.
    """

    def keeping(load: Callable[P, Loaded]) -> Callable[P, Loaded]:
        # The wrapper takes hashable things alone, which jobs and paths are.
        return lru_cache(maxsize=most)(load)  # pyright: ignore[reportReturnType]

    return keeping
