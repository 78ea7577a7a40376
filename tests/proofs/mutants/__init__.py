"""Bugs planted on purpose: the proof that the tests of this project can fail."""
