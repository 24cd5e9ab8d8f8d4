"""Owns the result of the check of one law, and reading it. Does not own any law."""
