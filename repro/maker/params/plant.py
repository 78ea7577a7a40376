"""The section `plant`: planted activations of known truth."""

from repro.maker.params.section import Count, Positive, Section

PLANTED = ("planted_width", "planted_knee")
"""Planted sets on which the controls of the fidelity claims stand."""
TOY = ("planted_independent", "planted_hard")
"""Planted sets on which the recovery of superposed features is measured."""


class Superposition(Section):
    """More true features than dimensions (Sharkey et al. 2022), for the toy."""

    dimension: Count
    """Dimension d; 256 in the replicated experiment."""
    features: Count
    """True features; 512 there."""
    active: Positive
    """True features active at once, on average."""
    train_tokens: Count
    """Training vectors."""
    heldout_tokens: Count
    """Held-out vectors."""
    seed: int
    """Seed of true features and coefficients, apart from that of the controls."""


class Plant(Section):
    """Planted activations of known truth: the controls of the fidelity claims, and the toy."""

    dimension: Count
    """Dimension d of the planted activations."""
    active: Count
    """True features active at once in the knee set (exactly) and the width set (on average)."""
    train_tokens: Count
    """Training vectors."""
    heldout_tokens: Count
    """Held-out vectors."""
    documents: Count
    """Held-out documents into which they are divided."""
    seed: int
    """Seed of dictionary and coefficients."""
    toy: Superposition
    """The sets on which recovery is measured."""
