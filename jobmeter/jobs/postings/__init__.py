"""Owns P4P postings: the element that partners send, the task that carries it out, changes and closing."""
