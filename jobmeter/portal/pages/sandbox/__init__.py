"""Owns the pages of a sandbox: clock, traffic, forced failures, and the rehearsal of the certification. In production
there are no such addresses.
"""
