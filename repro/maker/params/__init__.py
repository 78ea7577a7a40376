"""`params.yaml`: a model for each section, one for the whole, and how they are read."""
