"""Owns the tests of the command line as a person uses it."""
