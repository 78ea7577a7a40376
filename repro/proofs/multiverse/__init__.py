"""How far verdicts depend on the way in which the paper is read: a covering design of readings."""
