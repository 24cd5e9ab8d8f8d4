"""Owns settlement: rechecks a day once no event can still arrive, 48 hours later, and makes its figures final.

Does not own intake filters (``jobmeter.metering``) or budgets (``jobmeter.charging``). It only ever reverses.
"""
