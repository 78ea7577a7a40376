"""Indirect object identification: prompts, patching, and the choice of features to patch."""
