"""Owns the words every part shares: money, time, days, ids, refusals, limits, settings, readers.

Does not own anything that knows a database, a protocol or a business rule. Imports nothing of ours.
"""
