"""Steering: what the language model writes once one feature is amplified."""
