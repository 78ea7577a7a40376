"""Calibration: how often each claim's check errs where the truth is known, and what it sees."""
