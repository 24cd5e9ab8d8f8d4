"""Owns histories in which flows take turns, statement by statement, in the order of a seed."""
