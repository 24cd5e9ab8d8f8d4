"""Owns the command line: ``jobmeter`` and its commands, their options and their output.

Does not own what the commands do; each command calls one part.
"""
