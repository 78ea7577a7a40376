"""Files of results that are committed beside the code, and that the report shows."""
