"""Owns the search of the operator: anything by its number, name or external id.

Reads only. Does not own what it finds.
"""
