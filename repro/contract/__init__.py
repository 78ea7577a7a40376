"""All that crosses between the towers: tables of evidence, their rows, verdicts."""
