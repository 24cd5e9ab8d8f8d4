"""Owns the XML jobs API: its endpoints and its dialect."""
