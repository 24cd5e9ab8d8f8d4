"""Owns the answer to *why was this click charged, or not*: one job's clicks with the reason for each.

Reads any table and writes none. Does not own the reports' figures (``jobmeter.reports``).
"""
