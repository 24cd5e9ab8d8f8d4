"""Owns a job's budget: opened, changed, closed; how much of it is left.

Does not own the charge (``charging.charge``).
"""
