"""Makes the evidence, and cannot read the claims by which it is judged."""
