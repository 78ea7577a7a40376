"""Progress bars: only for a person at a terminal, and only when the work lasts."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

_PATIENCE_S = 2.0


def shown(items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
    """The same items, with a bar on standard error when it is a terminal and 2 s have passed."""
    return iter(
        tqdm(items, desc=what, total=total, delay=_PATIENCE_S, disable=not sys.stderr.isatty())
    )
