"""Owns the contracts: P4P contracts with their service term, limit and prices; a customer's contract for each
child application.

Does not own the money itself (``jobmeter.ledger``) or a job's budget (``jobmeter.charging``).
"""
