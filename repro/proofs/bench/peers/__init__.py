"""Trainers of other libraries, each run by a Python of its own; nothing here is imported by us."""
