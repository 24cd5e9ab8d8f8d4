"""Owns events that come from a log: how far each partition was read, which consumer reads it, and recording its messages once.

Does not own the connection to a log (``jobmeter.consumer``) or what becomes of an event (``intake``).
"""
