"""Owns the events of candidates, one for each request: recorded in groups of those that came at the same moment."""
