"""Raters of whom it is known what they do."""

import secrets
from collections.abc import Callable
from typing import Any

from repro.rate.items import Item
from repro.rate.session import Session

Opinion = Callable[[Item], tuple[int, str]]
"""What somebody thinks of an item: rating and name."""


def submission() -> str:
    return secrets.token_hex(16)


def indifferent(item: Item) -> tuple[int, str]:
    return 2, ""


def attentive(session: Session, *, by_method: dict[str, int] | None = None) -> Opinion:
    """One who gets every known answer right, and likes a method as is said."""

    def opinion(item: Item) -> tuple[int, str]:
        known = session.deck.known.get(item.key)
        if known:
            return (4, f"The {known.word.upper()}") if known.word else (0, "")
        method = item.key.removeprefix("card:").split("-")[0]
        return (by_method or {}).get(method, 2), method

    return opinion


def rate(session: Session, opinion: Opinion, most: int = 1000) -> dict[str, Any]:
    """Answer until all is rated, or so many items; what the page shows then."""
    state = session.state()
    for _ in range(most):
        if state["phase"] == "done":
            break
        name = state["item"]["id"]
        state = session.rate(state["submission"], name, *opinion(session.ids[name]))
    return state
