"""Owns job postings: the operations partners send, the tasks that apply them, a posting's states and runs.

Does not own a job's money (``jobmeter.charging``), its contract (``jobmeter.contracts``) or its clicks.
"""
