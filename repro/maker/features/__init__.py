"""Features of a single meaning: what is searched for, in which units, how well they fit."""
