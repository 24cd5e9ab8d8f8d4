"""Owns the one reading of each value that comes in by several doors: text, e-mail, URL, address, country, time.

Does not own which field needs which, or how a refusal is worded at a door. Pure.
"""
