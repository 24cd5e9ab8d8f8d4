"""Owns what partners are invoiced: accounts, documents, payments, usage and statements.

Does not own charges, credits or their prices (``jobmeter.charging``, ``jobmeter.contracts``), which it only reads.
"""
