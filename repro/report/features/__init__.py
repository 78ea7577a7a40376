"""A page for each unit of a decomposition that people look at, and an index of them."""

from repro.report.features.edits import edits_of
from repro.report.features.entered import rests_of, with_claims
from repro.report.features.write import link_of, write_pages

__all__ = ["edits_of", "link_of", "rests_of", "with_claims", "write_pages"]
