"""Owns the commands with which an operator examines an installation: what is set, and whether it is in order."""
