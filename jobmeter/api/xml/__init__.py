"""Owns the endpoints of the XML jobs API and its dialect."""
