"""Owns people and what they were granted: invited, listed, changed, removed; and what they set for themselves."""
