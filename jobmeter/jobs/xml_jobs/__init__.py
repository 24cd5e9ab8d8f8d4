"""Owns jobs that come in by the XML jobs API: their keys, their runs, the members who post them."""
