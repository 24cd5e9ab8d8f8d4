"""Owns a posting's runs: the slot that a run occupies, its live windows, its end."""
