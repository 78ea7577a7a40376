"""Seeds of planted tables: three of whatever would come out otherwise another time."""

from repro.contract.vocabulary import ONE_SEED

SEEDS = (0, 1, 2)


def seeds_of(method: str) -> tuple[int, ...]:
    """The seeds of a method, one where it does not vary."""
    return SEEDS[:1] if method in ONE_SEED else SEEDS
