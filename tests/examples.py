"""How many examples a costly property draws."""

from hypothesis import settings

FEW = settings(max_examples=max(settings().max_examples // 5, 1))
"""A fifth, for properties that train or write files; it grows with the profile."""
