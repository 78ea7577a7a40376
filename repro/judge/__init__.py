"""Claims and evidence in, verdicts out: no torch, nothing of the maker."""
