"""Owns the check of what reports read from: it names the source that failed."""
