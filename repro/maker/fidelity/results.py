"""What the items of the fidelity stage came to."""

from repro.contract.rows.fidelity import AgreementRow, DictionaryRow, FidelityRow, RefitRow
from repro.maker.engine.record import Record


class Measured(Record):
    """One decomposition on held-out activations."""

    fidelity: list[FidelityRow]
    """Its reconstruction, a row a document."""
    units: DictionaryRow | None
    """Counts of its units, where they were asked for."""
    refit: list[RefitRow]
    """Its refit, a row a document; none where it was not asked for."""


class Agreed(Record):
    """One pair of dictionaries."""

    row: AgreementRow
    """What was matched."""


class Spliced(Record):
    """One decomposition, or a bracket, in the language model."""

    losses: list[float]
    """Sum of the cross-entropies of each sequence, in nats."""
