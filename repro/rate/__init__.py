"""Blind rating: people say how clear a feature's meaning is and never learn what made it."""
