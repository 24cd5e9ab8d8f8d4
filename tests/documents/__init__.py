"""Owns the tests that run what the documents print."""
