"""What proves the proofs: measurements of the tests and of the judge themselves, kept as JSON."""
