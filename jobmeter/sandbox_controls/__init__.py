"""Owns what people set in a sandbox: traffic that comes by itself, and the error that the next calls return.

Does not own the clock, the shape of the traffic, or the rehearsal: those are ``jobmeter.sandbox`` and ``jobmeter.certification``.
"""
