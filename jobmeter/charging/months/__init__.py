"""Owns the months of final days: what reports of old days are read from."""
