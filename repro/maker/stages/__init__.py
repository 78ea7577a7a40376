"""The stages of the pipeline, one verb each: read, compute, write."""
