"""Erasing a concept from activations: by one feature, and by what it is compared with."""
