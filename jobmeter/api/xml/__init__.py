"""Owns the endpoints of the XML jobs API and the edge that they have in common."""
