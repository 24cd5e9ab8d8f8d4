"""Owns the list of jobs whose state may have changed since it was last read."""
