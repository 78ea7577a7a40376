"""How the items of a stage are spread, the same in every section."""

from typing import Literal

from repro.maker.params.section import Count, Section


class Executor(Section):
    """How independent items of work are spread; the results do not depend on it."""

    kind: Literal["inline", "processes"]
    """In this process one by one, or in a pool of processes."""
    workers: Count
    """Processes in the pool."""
    threads: Count
    """Processor threads an item; part of the result's identity on a CPU."""
