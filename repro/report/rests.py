"""What a claim's card says of the units that it rests on, where these have pages."""

from typing import NamedTuple


class Rests(NamedTuple):
    """The units of one claim: how many, some of them, and where all are listed."""

    n: int
    first: list[tuple[str, str]]
    """Title and page of each."""
    listing: str
    """The index, showing these alone."""
