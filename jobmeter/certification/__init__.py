"""Owns the rehearsal of LinkedIn's partner certification: its known rules, a verdict for each from recorded requests, a
recording proxy that also causes what a rule wants to see, sample requests, and the report.

Does not own the log of requests (``request_log``) or how a sandbox responds.
"""
