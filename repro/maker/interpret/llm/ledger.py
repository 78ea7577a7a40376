"""What asking a language model cost: requests, tokens, what went wrong, by purpose."""

from threading import Lock
from typing import NamedTuple


class Tally(NamedTuple):
    """What one purpose cost; the first three are the same in a replay, the rest are this run's."""

    requests: int = 0
    """Requests answered, by the endpoint or from transcripts."""
    prompt_tokens: int = 0
    """Tokens asked, as the endpoint counts them."""
    completion_tokens: int = 0
    """Tokens answered."""
    sent: int = 0
    """Requests sent for the first time."""
    retries: int = 0
    """Requests sent again."""
    failures: int = 0
    """Requests that were given up."""


class Ledger:
    """Tallies by purpose, for many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tallies: dict[str, Tally] = {}

    def add(self, purpose: str, cost: Tally) -> None:
        """Count a cost under a purpose."""
        with self._lock:
            before = self._tallies.get(purpose, Tally())
            self._tallies[purpose] = Tally(*(a + b for a, b in zip(before, cost, strict=True)))

    def by_purpose(self) -> dict[str, Tally]:
        """Tallies, by purpose in the order of the alphabet."""
        with self._lock:
            return dict(sorted(self._tallies.items()))
