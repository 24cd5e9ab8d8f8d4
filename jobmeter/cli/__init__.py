"""Owns the command line: ``jobmeter`` and its commands, their options and what they print.

Does not own what they do; each command calls one part.
"""
