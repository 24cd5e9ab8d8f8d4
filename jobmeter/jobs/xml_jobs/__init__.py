"""Owns jobs posted through the XML jobs API: their keys, their runs, the members who post them."""
