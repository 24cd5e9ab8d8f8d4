"""Owns the rehearsal itself: the recording proxy, what it causes on purpose, sample requests, and the command."""
