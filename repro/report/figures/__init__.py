"""Figures of evidence: a table in, a figure out."""
