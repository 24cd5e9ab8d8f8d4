"""Owns the pages: one file for each noun, whose handlers receive a visit and return a response."""
