"""Owns the 48 hours: rechecks a day once no event can still arrive, and makes its figures final.

Does not own intake filters (``jobmeter.metering``) or budgets (``jobmeter.charging``). It only ever reverses.
"""
