"""Owns rounds of faults: a workload against a real server while a nemesis breaks it, an auditor that knows only what was acknowledged,
and the record of all rounds. ``python -m tests.slow.faults`` plays them.
"""
