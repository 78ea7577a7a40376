"""The section `toy`: how the recovery of planted features is measured."""

from repro.maker.params.executor import Executor
from repro.maker.params.section import Section, Share


class Toy(Section):
    """How the recovery of planted features is measured."""

    recovered_cosine: Share
    """Cosine from which a true feature counts as found by its one-to-one partner."""
    executor: Executor
    """How the items are spread."""
