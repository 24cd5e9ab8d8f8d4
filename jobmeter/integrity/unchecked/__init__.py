"""Owns the lists of what no law checks, each with the reason. Knows no statement."""
