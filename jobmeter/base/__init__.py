"""Owns what every part shares: money, time, days, ids, errors, limits, settings, readers.

Does not own anything that depends on a database, a protocol or a business rule. Imports no other part.
"""
