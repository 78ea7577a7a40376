"""Interpretability: which units are drawn, which fragments are shown, how they are scored."""
