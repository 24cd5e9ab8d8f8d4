"""Owns the repeats of every write after a crash: the requests, and what must be equal afterwards."""
