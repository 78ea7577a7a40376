"""What a process keeps of what it has loaded: a few of each kind, by content."""

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

AT_ONCE = 4
"""How many of a kind: enough for what alternates in one stage, few enough for memory."""
Asked = ParamSpec("Asked")
Loaded = TypeVar("Loaded")


def kept(load: Callable[Asked, Loaded]) -> Callable[Asked, Loaded]:
    """Load once a process what is asked for; what is asked for must name content, not a place."""
    # The wrapper takes hashable things alone, which jobs and paths are.
    return lru_cache(maxsize=AT_ONCE)(load)  # pyright: ignore[reportReturnType]
