"""Owns job postings: what partners ask for, the tasks that carry it out, a posting's states and runs.

Does not own a job's money (``jobmeter.charging``), its contract (``jobmeter.contracts``) or its clicks.
"""
