"""Owns P4P postings: the element that partners send, the task that applies it, changes and closing."""
